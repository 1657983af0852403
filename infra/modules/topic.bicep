// The topic that Azure Digital Twins publishes to.
param name string
param location string
param tags object
param eventSchema string
param storageAccountName string
param deadLetterContainer string

// Storage Blob Data Contributor, on the dead-letter container only
var blobContributorRole = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  // With this identity Event Grid writes its dead letters.
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: eventSchema
    minimumTlsVersionAllowed: '1.2'
    // Azure Digital Twins can publish to Event Grid with a key only.
    disableLocalAuth: false
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: deadLetterContainer
    }
  }
}

resource deadLetterWriter 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::container.id, topic.id, blobContributorRole)
  scope: account::blobs::container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributorRole)
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

output id string = topic.id
output name string = topic.name
