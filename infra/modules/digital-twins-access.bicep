// An instance, new or not: who may make its routes, and who it is where it sends.
param instanceName string

@description('Empty: no role is given.')
param deployerPrincipalId string

@description('Whether the instance sends with its identity. Then it must have one.')
param sendsWithIdentity bool

// Azure Digital Twins Data Owner: making routes needs it.
var dataOwnerRole = 'bcd981a7-7f74-457b-83e1-cceb9e632ffe'
var systemIdentity = instance.?identity.?principalId ?? ''

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' existing = {
  name: instanceName
}

resource dataOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  name: guid(instance.id, deployerPrincipalId, dataOwnerRole)
  scope: instance
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataOwnerRole)
    // A person, a group or a pipeline: Azure looks it up where no type says so.
    principalId: deployerPrincipalId
  }
}

output hostName string = instance.properties.hostName

@description('The system-assigned identity. Empty if it is not needed.')
output principalId string = !sendsWithIdentity
  ? ''
  : !empty(systemIdentity)
      ? systemIdentity
      : fail('The Azure Digital Twins instance ${instanceName} has no system-assigned identity to send with. Give it one and deploy again: az dt identity assign --dt-name ${instanceName} --resource-group ${resourceGroup().name} --mi-system-assigned')
