// What an operator must hear of where the function reads the source hub. docs/operate.md says what to do.
@description('What the names start with: it differs between two environments in one resource group.')
param prefix string
param location string
param tags object
param workspaceId string

@description('The namespace of the source hub, which holds nothing else.')
param namespaceName string

@description('Who is told. Empty: nobody.')
param actionGroupId string

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource metrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'metrics'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

// The Standard tier has no metric for how far a reader is behind. It counts what comes in and what is read, so this tells
// that the distance grows: of what had come ten minutes ago, less than nine tenths are read. Logs and not the metrics
// themselves: no metric alert compares two metrics, and in logs a metric that is missing counts as nothing read.
resource lag 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${prefix}-lag'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'twin-bridge: notifications come faster than they are read'
    severity: 2
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    criteria: {
      allOf: [
        {
          query: join(
            [
              'AzureMetrics'
              '| where ResourceId =~ "${namespace.id}"'
              '| summarize Arrived = sumif(Total, MetricName == "IncomingMessages" and TimeGenerated < ago(10m)), Read = sumif(Total, MetricName == "OutgoingMessages")'
              '| where Read < 0.9 * Arrived'
            ],
            '\n'
          )
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    // The table appears with its first row.
    skipQueryValidation: true
    autoMitigate: true
    actions: { actionGroups: empty(actionGroupId) ? [] : [actionGroupId] }
  }
}

// The throughput units of the source do not suffice: Azure Digital Twins or the function is held back.
resource throttled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-source-throttled'
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
          name: 'throttled'
          metricNamespace: 'Microsoft.EventHub/namespaces'
          metricName: 'ThrottledRequests'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
  }
}
