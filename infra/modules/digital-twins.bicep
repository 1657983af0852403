// A new Azure Digital Twins instance.
param name string
param location string
param tags object

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' = {
  name: name
  location: location
  tags: tags
  // With this identity it sends to Event Hubs and Service Bus, and writes what it could not send.
  identity: { type: 'SystemAssigned' }
}
