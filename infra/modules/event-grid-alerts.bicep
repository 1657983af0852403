// What an operator must hear of where Event Grid delivers. docs/operate.md says what to do.
@description('What the names start with: it differs between two environments in one resource group.')
param prefix string
param tags object
param topicId string

@description('Who is told. Empty: nobody.')
param actionGroupId string

// Redelivery is the normal answer to a hub that is busy for a moment, so a few failures are no alarm; a window in which
// they do not end is.
resource deliveryFailures 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-delivery-failures'
  location: 'global'
  tags: tags
  properties: {
    severity: 2
    enabled: true
    scopes: [topicId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'failed'
          metricNamespace: 'Microsoft.EventGrid/topics'
          metricName: 'DeliveryAttemptFailCount'
          // Each error is counted apart, so that the mail names it.
          dimensions: [{ name: 'Error', operator: 'Include', values: ['*'] }]
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 10
        }
      ]
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}

// Event Grid gave events up, and they are dead letters now. From a webhook it takes 400, 401, 403 and 413 for final: one
// wrong key, and this is the first to tell. Each reason is counted apart, so that the mail names it.
resource givenUp 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-given-up-events'
  location: 'global'
  tags: tags
  properties: {
    severity: 1
    enabled: true
    scopes: [topicId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'given-up'
          metricNamespace: 'Microsoft.EventGrid/topics'
          metricName: 'DeadLetteredCount'
          dimensions: [{ name: 'DeadLetterReason', operator: 'Include', values: ['*'] }]
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}

// Event Grid gave events up and could not store them as dead letters either: they are lost.
resource dropped 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-dropped-events'
  location: 'global'
  tags: tags
  properties: {
    severity: 1
    enabled: true
    scopes: [topicId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dropped'
          metricNamespace: 'Microsoft.EventGrid/topics'
          metricName: 'DroppedEventCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}
