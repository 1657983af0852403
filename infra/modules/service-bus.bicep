// The topic that Azure Digital Twins sends to, and the subscription that the function reads.
param namespaceName string
param topicName string
param subscriptionName string
param location string
param tags object

@description('The identity that sends. Empty: nobody may yet.')
param senderPrincipalId string

@description('The identity that receives.')
param receiverPrincipalId string

// Azure Service Bus Data Sender, on the topic
var senderRole = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
// Azure Service Bus Data Receiver, on the subscription
var receiverRole = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  // Basic has no topics.
  sku: { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
  }
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = {
  parent: namespace
  name: topicName
  // Dead letters count too.
  properties: { maxSizeInMegabytes: 5120 }
}

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = {
  parent: topic
  name: subscriptionName
  properties: {
    // Service Bus's longest. The handler tries a batch for SERVICE_BUS_TIMEOUT, which must be shorter: the host does not
    // renew the locks of a batch.
    lockDuration: 'PT5M'
    // While the hub is down each attempt lasts SERVICE_BUS_TIMEOUT, four minutes, and the next follows at once: more than
    // a day until a message becomes a dead letter.
    maxDeliveryCount: 400
    defaultMessageTimeToLive: 'P14D'
    deadLetteringOnMessageExpiration: true
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(senderPrincipalId)) {
  name: guid(topic.id, senderPrincipalId, senderRole)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', senderRole)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource receiver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription.id, receiverPrincipalId, receiverRole)
  scope: subscription
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', receiverRole)
    principalId: receiverPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output namespaceName string = namespace.name
output fullyQualifiedNamespace string = '${namespace.name}.servicebus.windows.net'
