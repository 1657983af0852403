// A reader of the hub: its own consumer group, and the right to receive.
param namespaceName string
param hubName string
param consumerGroup string
param principalId string

// Azure Event Hubs Data Receiver
var receiverRole = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName

  resource hub 'eventhubs' existing = {
    name: hubName
  }
}

resource group 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = {
  parent: namespace::hub
  name: consumerGroup
}

resource receiver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::hub.id, principalId, receiverRole)
  scope: namespace::hub
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', receiverRole)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
