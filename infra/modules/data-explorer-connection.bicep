// The way from the hub into the tables.
param clusterName string
param databaseName string
param name string

@description('That of the cluster.')
param location string
param eventHubId string
param consumerGroup string
param eventHubBody string

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName

  resource database 'databases' existing = {
    name: databaseName
  }
}

resource connection 'Microsoft.Kusto/clusters/databases/dataConnections@2024-04-13' = {
  parent: cluster::database
  name: name
  location: location
  kind: 'EventHub'
  properties: {
    eventHubResourceId: eventHubId
    consumerGroup: consumerGroup
    managedIdentityResourceId: cluster.id
    // No table and no mapping: each event names its table (EVENT_HUB_TABLES), whose columns have the names of the
    // record's members.
    dataFormat: eventHubBody == 'array' ? 'MULTIJSON' : 'JSON'
    compression: 'None'
  }
}
