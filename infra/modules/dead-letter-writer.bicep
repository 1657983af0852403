// The right to write dead letters, for a service that sets aside by itself what it could not deliver.
param storageAccountName string
param deadLetterContainer string
param principalId string

// Storage Blob Data Contributor, on the dead-letter container only
var blobContributorRole = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: deadLetterContainer
    }
  }
}

resource writer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::container.id, principalId, blobContributorRole)
  scope: account::blobs::container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributorRole)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
