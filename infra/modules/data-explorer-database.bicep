// The database, tables and mappings for records in the data-history format.
param clusterName string
param databaseName string
param scriptName string

@description('That of the cluster.')
param location string

resource cluster 'Microsoft.Kusto/clusters@2024-04-13' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2024-04-13' = {
  parent: cluster
  name: databaseName
  kind: 'ReadWrite'
  location: location
}

resource tables 'Microsoft.Kusto/clusters/databases/scripts@2024-04-13' = {
  parent: database
  name: scriptName
  properties: {
    // The tables are no secret: the file is public.
    #disable-next-line use-secure-value-for-secure-inputs
    scriptContent: loadTextContent('../data-explorer.kql')
    // The script runs again when it has changed, and only then. Every command in it can be repeated.
    forceUpdateTag: uniqueString(loadTextContent('../data-explorer.kql'))
    continueOnErrors: false
  }
}

output clusterPrincipalId string = cluster.identity.principalId
