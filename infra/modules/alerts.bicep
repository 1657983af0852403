// What an operator must hear of. docs/operate.md says what to do.
param location string
param tags object
param email string
param workspaceId string
param topicId string
param namespaceId string
param deadLetterContainer string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'twin-bridge'
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
  name: 'twin-bridge-dead-letters'
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

// Redelivery is the normal answer to a hub that is busy for a moment, so a few failures are no alarm; a window in which
// they do not end is.
resource deliveryFailures 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'twin-bridge-delivery-failures'
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
    actions: empty(email) ? [] : [{ actionGroupId: people.id }]
  }
}

// Event Grid gave events up, and they are dead letters now. From a webhook it takes 400, 401, 403 and 413 for final: one
// wrong key, and this is the first to tell. Each reason is counted apart, so that the mail names it.
resource givenUp 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'twin-bridge-given-up-events'
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
    actions: empty(email) ? [] : [{ actionGroupId: people.id }]
  }
}

// Event Grid gave events up and could not store them as dead letters either: they are lost.
resource dropped 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'twin-bridge-dropped-events'
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
    actions: empty(email) ? [] : [{ actionGroupId: people.id }]
  }
}

// The throughput units do not suffice.
resource throttled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'twin-bridge-hub-throttled'
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
