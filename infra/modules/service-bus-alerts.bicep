// What an operator must hear of where the function reads a Service Bus topic. docs/operate.md says what to do.
@description('What the names start with: it differs between two environments in one resource group.')
param prefix string
param tags object
param namespaceName string
param topicName string

@description('Who is told. Empty: nobody.')
param actionGroupId string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

// Service Bus gave messages up: after all deliveries, or because they were too old. It goes off when the dead-letter queue
// is empty again. The metric is of the topic, whose only subscription is ours.
resource deadLetterQueue 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-dead-letter-queue'
  location: 'global'
  tags: tags
  properties: {
    severity: 1
    enabled: true
    scopes: [namespace.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dead-lettered'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: [topicName] }]
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}

// Messages wait, many of them and for long. Those that are being worked on count too. The mean and not the minimum: while
// the namespace is throttled the metric says 0.
resource lag 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-lag'
  location: 'global'
  tags: tags
  properties: {
    severity: 2
    enabled: true
    scopes: [namespace.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'waiting'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'ActiveMessages'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: [topicName] }]
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 5000
        }
      ]
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}
