// Batches from the source hub or the Service Bus topic that fail again and again. docs/operate.md says what to do.
@description('What the names start with: it differs between two environments in one resource group.')
param prefix string
param location string
param tags object
param workspaceId string

@description('Who is told. Empty: nobody.')
param actionGroupId string

// A batch that fails comes again, so one failure is no alarm; a quarter of an hour in which each five minutes have one is.
resource failedBatches 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${prefix}-failed-batches'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'twin-bridge: batches fail again and again'
    severity: 2
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      allOf: [
        {
          query: 'AppTraces | where Message has "The delivery failed"'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 3, minFailingPeriodsToAlert: 3 }
        }
      ]
    }
    // The table appears with its first row.
    skipQueryValidation: true
    autoMitigate: true
    actions: { actionGroups: empty(actionGroupId) ? [] : [actionGroupId] }
  }
}
