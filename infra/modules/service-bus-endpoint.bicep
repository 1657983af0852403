// The endpoint through which an instance sends to the Service Bus topic, with its own identity. The routes to it belong to
// the data plane: docs/deploy.md.
param instanceName string
param name string

@description('Host name of the topic\'s namespace.')
param fullyQualifiedNamespace string
param topicName string

@description('Address of the container for what could not be sent.')
param deadLetterUri string

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' existing = {
  name: instanceName
}

// What is known of endpoints with an identity: event-hub-endpoint.bicep.
resource endpoint 'Microsoft.DigitalTwins/digitalTwinsInstances/endpoints@2023-01-31' = {
  parent: instance
  name: name
  properties: {
    endpointType: 'ServiceBus'
    authenticationType: 'IdentityBased'
    endpointUri: 'sb://${fullyQualifiedNamespace}/'
    entityPath: topicName
    identity: { type: 'SystemAssigned' }
    deadLetterUri: deadLetterUri
  }
}
