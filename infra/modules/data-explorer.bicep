// A new Data Explorer cluster.
param name string
param location string
param tags object
param sku resourceInput<'Microsoft.Kusto/clusters@2024-04-13'>.sku

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' = {
  name: name
  location: location
  tags: tags
  sku: sku
  // With this identity the cluster reads the hub.
  identity: { type: 'SystemAssigned' }
  properties: { enableAutoStop: false }
}
