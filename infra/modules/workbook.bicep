// The bridge's health from its log, drawn: docs/operate.md, "Monitoring".
@description('What the names start with: it differs between two environments in one resource group.')
param prefix string
param location string
param tags object
param applicationInsightsName string

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // Azure takes nothing but a GUID.
  name: guid(applicationInsights.id, prefix)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: prefix
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: applicationInsights.id
    serializedData: loadTextContent('../dashboards/bridge.workbook.json')
  }
}
