// The topic that Azure Digital Twins publishes to.
param name string
param location string
param tags object
param eventSchema string

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

output id string = topic.id
output name string = topic.name
output principalId string = topic.identity.principalId
