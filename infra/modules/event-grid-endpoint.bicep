// The endpoint through which an instance publishes to the topic. The routes to it belong to the data plane:
// docs/deploy.md.
param instanceName string
param name string
param topicName string
param topicResourceGroup string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
  scope: resourceGroup(topicResourceGroup)
}

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' existing = {
  name: instanceName
}

resource endpoint 'Microsoft.DigitalTwins/digitalTwinsInstances/endpoints@2023-01-31' = {
  parent: instance
  name: name
  properties: {
    endpointType: 'EventGrid'
    // An Event Grid endpoint can't use an identity. The key stays inside this deployment.
    authenticationType: 'KeyBased'
    TopicEndpoint: topic.properties.endpoint
    accessKey1: topic.listKeys().key1
    accessKey2: topic.listKeys().key2
  }
}
