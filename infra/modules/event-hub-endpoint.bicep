// The endpoint through which an instance sends to the source hub, with its own identity. The routes to it belong to the
// data plane: docs/deploy.md.
param instanceName string
param name string

@description('Host name of the hub\'s namespace.')
param fullyQualifiedNamespace string
param hubName string

@description('Address of the container for what could not be sent.')
param deadLetterUri string

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' existing = {
  name: instanceName
}

// Identities were reported to fail here with "Input parameter 'source' is missing" (bicep-types-az #2262, open). What has
// been deployed since by the tests of Azure Verified Modules has these properties and none of the key-based ones, not even
// as null. docs/deploy.md has the command that makes the endpoint where the template can't.
resource endpoint 'Microsoft.DigitalTwins/digitalTwinsInstances/endpoints@2023-01-31' = {
  parent: instance
  name: name
  properties: {
    endpointType: 'EventHub'
    authenticationType: 'IdentityBased'
    endpointUri: 'sb://${fullyQualifiedNamespace}/'
    entityPath: hubName
    identity: { type: 'SystemAssigned' }
    deadLetterUri: deadLetterUri
  }
}
