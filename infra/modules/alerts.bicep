// What an operator must hear of, whatever the way in. docs/operate.md says what to do.
@description('What the names start with: it differs between two environments in one resource group.')
param prefix string
param location string
param tags object
param email string
param workspaceId string

@description('The namespace of the hub that the records go to.')
param namespaceId string
param deadLetterContainer string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: prefix
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'twin-bridge'
    enabled: true
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

// Every blob that the bridge or Event Grid writes into the container. Logs and not a metric: no metric of the storage
// account tells containers apart.
resource deadLetters 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${prefix}-dead-letters'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'twin-bridge: events were set aside as dead letters'
    severity: 2
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: 'StorageBlobLogs | where OperationName startswith "Put" and ObjectKey has "/${deadLetterContainer}/"'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    // The table appears with its first row.
    skipQueryValidation: true
    autoMitigate: false
    actions: { actionGroups: empty(email) ? [] : [people.id] }
  }
}

// The throughput units do not suffice.
resource throttled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-hub-throttled'
  location: 'global'
  tags: tags
  properties: {
    severity: 3
    enabled: true
    scopes: [namespaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'throttled'
          metricNamespace: 'Microsoft.EventHub/namespaces'
          metricName: 'ThrottledRequests'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(email) ? [] : [{ actionGroupId: people.id }]
  }
}

@description('Who is told. Empty: nobody.')
output actionGroupId string = empty(email) ? '' : people.id
