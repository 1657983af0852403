// The way from the hub into the tables.
param clusterName string
param databaseName string
param eventHubId string
param consumerGroup string

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName

  resource database 'databases' existing = {
    name: databaseName
  }
}

resource connection 'Microsoft.Kusto/clusters/databases/dataConnections@2024-04-13' = {
  parent: cluster::database
  name: 'twin-bridge'
  location: cluster.location
  kind: 'EventHub'
  properties: {
    eventHubResourceId: eventHubId
    consumerGroup: consumerGroup
    managedIdentityResourceId: cluster.id
    // What holds for events that do not say otherwise. Each of ours names its table and format (EVENT_HUB_TABLES); the
    // mapping has the same name in every table.
    tableName: 'AdtPropertyEvents'
    mappingRuleName: 'twin_bridge'
    dataFormat: 'JSON'
    compression: 'None'
  }
}
