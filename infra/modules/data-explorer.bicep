// A new Data Explorer cluster.
param name string
param location string
param tags object
param sku object

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku.name, tier: sku.tier, capacity: sku.capacity }
  // With this identity the cluster reads the hub.
  identity: { type: 'SystemAssigned' }
  properties: { enableAutoStop: false }
}
