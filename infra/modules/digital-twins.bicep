// A new Azure Digital Twins instance.
param name string
param location string
param tags object

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' = {
  name: name
  location: location
  tags: tags
}
