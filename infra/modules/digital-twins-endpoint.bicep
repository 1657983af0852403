// The endpoint through which an instance publishes to the topic. The routes to it belong to the data plane:
// docs/deploy.md.
param instanceName string
param topicName string
param topicResourceGroup string
param deployerPrincipalId string
param deployerPrincipalType string

// Azure Digital Twins Data Owner: making routes needs it.
var dataOwnerRole = 'bcd981a7-7f74-457b-83e1-cceb9e632ffe'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
  scope: resourceGroup(topicResourceGroup)
}

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' existing = {
  name: instanceName
}

resource endpoint 'Microsoft.DigitalTwins/digitalTwinsInstances/endpoints@2023-01-31' = {
  parent: instance
  name: 'twin-bridge'
  properties: {
    endpointType: 'EventGrid'
    // An Event Grid endpoint can't use an identity. The key stays inside this deployment.
    authenticationType: 'KeyBased'
    TopicEndpoint: topic.properties.endpoint
    accessKey1: topic.listKeys().key1
    accessKey2: topic.listKeys().key2
  }
}

resource dataOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  name: guid(instance.id, deployerPrincipalId, dataOwnerRole)
  scope: instance
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataOwnerRole)
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType
  }
}

output hostName string = instance.properties.hostName
