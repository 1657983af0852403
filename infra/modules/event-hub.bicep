// A hub in a namespace of its own, and who may send to it.
param namespaceName string
param hubName string
param location string
param tags object

@description('The identity that sends. Empty: nobody may yet.')
param senderPrincipalId string
param partitionCount int
param retentionDays int
param throughputUnits int
param maximumThroughputUnits int
param consumerGroups array

// Azure Event Hubs Data Sender, on the hub and not on its namespace
var senderRole = '2b629674-e913-4c01-ae53-ef4638d8f975'
var inflates = maximumThroughputUnits > throughputUnits

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard', capacity: throughputUnits }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    isAutoInflateEnabled: inflates
    maximumThroughputUnits: inflates ? maximumThroughputUnits : 0
  }
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: hubName
  properties: {
    partitionCount: partitionCount
    retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionDays * 24 }
  }
}

@batchSize(1)
resource groups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = [
  for group in consumerGroups: {
    parent: hub
    name: group
  }
]

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(senderPrincipalId)) {
  name: guid(hub.id, senderPrincipalId, senderRole)
  scope: hub
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', senderRole)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output namespaceId string = namespace.id
output namespaceName string = namespace.name
output fullyQualifiedNamespace string = '${namespace.name}.servicebus.windows.net'
output hubId string = hub.id
