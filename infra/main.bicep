// Everything around the function: docs/deploy.md says how to deploy it and what it costs.
// Two phases: Event Grid accepts a subscription only when the function behind it is published. So deploy, publish, then
// deploy again with `subscribe` true.
targetScope = 'resourceGroup'

@description('Name of this environment. Resources are named after it and the resource group.')
@minLength(1)
@maxLength(64)
param environmentName string = 'twin-bridge'

@description('Region of all resources that are made here.')
param location string = resourceGroup().location

@description('Second phase: true once the function is published.')
param subscribe bool = false

@description('The function that is subscribed: webhook gets Event Grid\'s own requests, function has the Event Grid trigger. docs/deploy.md compares them.')
@allowed(['webhook', 'function'])
param way string = 'webhook'

@description('Name of the key of the function webhook that Event Grid calls with. docs/operate.md says how to change it.')
param webhookKeyName string = 'default'

@description('Object id of the person or pipeline that makes routes and twins. Empty: no role is given.')
param deployerPrincipalId string = ''

@description('What the deployer is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param deployerPrincipalType string = 'User'

// Records: see the app settings in README.md.

@description('Shape of a record: RECORD_FORMAT.')
@allowed(['data-history', 'time-series-insights'])
param recordFormat string = 'data-history'

@description('What one event of the hub carries: EVENT_HUB_BODY.')
@allowed(['record', 'lines', 'array'])
param eventHubBody string = 'record'

@description('What becomes of an object value: OBJECT_VALUES.')
@allowed(['flatten', 'keep'])
param objectValues string = 'flatten'

// Scale: docs/operate.md says how to choose.

@description('Memory of an instance of the function app, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('How many instances the function app may have.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('The event hub.')
param eventHubName string = 'twins'

@description('Partitions of the hub. They can not be changed later on the Standard tier.')
@minValue(1)
@maxValue(32)
param partitionCount int = 4

@description('Days for which the hub keeps events.')
@minValue(1)
@maxValue(7)
param retentionDays int = 7

@description('Throughput units of the namespace.')
@minValue(1)
@maxValue(40)
param throughputUnits int = 1

@description('Throughput units up to which the namespace inflates by itself. 0: it does not.')
@minValue(0)
@maxValue(40)
param maximumThroughputUnits int = 0

@description('Consumer groups of the hub: one for each reader. Data Explorer gets its own besides.')
param consumerGroups array = []

@description('Events that Event Grid puts into one delivery at most.')
@minValue(1)
@maxValue(5000)
param maxEventsPerBatch int = 32

@description('Size of a delivery that Event Grid aims at, in KB.')
@minValue(1)
@maxValue(1024)
param preferredBatchSizeInKilobytes int = 256

@description('Kinds of notification that reach the function.')
param eventTypes array = [
  'Microsoft.DigitalTwins.Twin.Create'
  'Microsoft.DigitalTwins.Twin.Update'
  'Microsoft.DigitalTwins.Twin.Delete'
  'Microsoft.DigitalTwins.Relationship.Create'
  'Microsoft.DigitalTwins.Relationship.Update'
  'Microsoft.DigitalTwins.Relationship.Delete'
  'microsoft.iot.telemetry'
]

@description('Schema of the topic. Only CloudEvents name their instance. It can not be changed later.')
@allowed(['EventGridSchema', 'CloudEventSchemaV1_0'])
param eventSchema string = 'EventGridSchema'

// Azure Digital Twins and Data Explorer: none, an existing one, or a new one.

@description('The Azure Digital Twins instance that gets an endpoint for the topic.')
@allowed(['none', 'existing', 'new'])
param digitalTwins string = 'none'

@description('Name of the instance. Empty: a generated one.')
param digitalTwinsName string = ''

@description('Resource group of the instance, if it exists. Empty: that of this deployment.')
param digitalTwinsResourceGroup string = ''

@description('The Data Explorer cluster that gets tables and a data connection.')
@allowed(['none', 'existing', 'new'])
param dataExplorer string = 'none'

@description('Name of the cluster. Empty: a generated one. An existing one needs a system-assigned identity.')
param dataExplorerName string = ''

@description('Resource group of the cluster, if it exists. Empty: that of this deployment.')
param dataExplorerResourceGroup string = ''

@description('Region of the cluster, if it exists.')
param dataExplorerLocation string = location

@description('Database of the tables; made if it is not there.')
param dataExplorerDatabase string = 'twins'

@description('Size of a new cluster. The default is the smallest and has no service level agreement.')
param dataExplorerSku object = {
  name: 'Dev(No SLA)_Standard_E2a_v4'
  tier: 'Basic'
  capacity: 1
}

// Operations.

@description('Who gets a mail when an alert fires. Empty: alerts fire, and nobody is told.')
param alertEmail string = ''

@description('Days for which dead letters are kept.')
@minValue(1)
param deadLetterRetentionDays int = 90

var tags = { 'azd-env-name': environmentName }
var token = uniqueString(resourceGroup().id, environmentName)
var instanceName = empty(digitalTwinsName) ? 'dt-${token}' : digitalTwinsName
var instanceResourceGroup = empty(digitalTwinsResourceGroup) ? resourceGroup().name : digitalTwinsResourceGroup
var clusterName = empty(dataExplorerName) ? 'adx${token}' : dataExplorerName
var clusterResourceGroup = empty(dataExplorerResourceGroup) ? resourceGroup().name : dataExplorerResourceGroup
var clusterLocation = dataExplorer == 'existing' ? dataExplorerLocation : location
// The tables that data-explorer.kql makes, in the order of EVENT_HUB_TABLES: properties, twins, relationships.
var tables = dataExplorer == 'none' ? '' : 'AdtPropertyEvents,AdtTwinLifecycleEvents,AdtRelationshipLifecycleEvents'

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: { name: 'id-${token}', location: location, tags: tags }
}

module logs 'modules/logs.bicep' = {
  name: 'logs'
  params: {
    workspaceName: 'log-${token}'
    applicationInsightsName: 'appi-${token}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    workspaceId: logs.outputs.workspaceId
    deadLetterRetentionDays: deadLetterRetentionDays
  }
}

module eventHub 'modules/event-hub.bicep' = {
  name: 'event-hub'
  params: {
    namespaceName: 'evhns-${token}'
    hubName: eventHubName
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    partitionCount: partitionCount
    retentionDays: retentionDays
    throughputUnits: throughputUnits
    maximumThroughputUnits: maximumThroughputUnits
    consumerGroups: consumerGroups
  }
}

module topic 'modules/topic.bicep' = {
  name: 'topic'
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    eventSchema: eventSchema
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

module newInstance 'modules/digital-twins.bicep' = if (digitalTwins == 'new') {
  name: 'digital-twins'
  params: { name: instanceName, location: location, tags: tags }
}

module endpoint 'modules/digital-twins-endpoint.bicep' = if (digitalTwins != 'none') {
  name: 'digital-twins-endpoint'
  scope: resourceGroup(instanceResourceGroup)
  params: {
    instanceName: instanceName
    topicName: topic.outputs.name
    topicResourceGroup: resourceGroup().name
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
  }
  dependsOn: [newInstance]
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    planName: 'plan-${token}'
    name: 'func-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    applicationInsightsName: logs.outputs.applicationInsightsName
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    bridgeSettings: {
      EVENT_HUB__fullyQualifiedNamespace: eventHub.outputs.fullyQualifiedNamespace
      EVENT_HUB_NAME: eventHubName
      EVENT_HUB_BODY: eventHubBody
      EVENT_HUB_TABLES: tables
      RECORD_FORMAT: recordFormat
      OBJECT_VALUES: objectValues
      // Events in the Event Grid schema do not name the instance that they are from.
      SERVICE_ID: digitalTwins != 'none' && eventSchema == 'EventGridSchema' ? endpoint!.outputs.hostName : ''
    }
  }
}

module webhookSubscription 'modules/webhook-subscription.bicep' = if (subscribe && way == 'webhook') {
  name: 'webhook-subscription'
  params: {
    topicName: topic.outputs.name
    functionAppName: functionApp.outputs.name
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
    eventSchema: eventSchema
    eventTypes: eventTypes
    maxEventsPerBatch: maxEventsPerBatch
    preferredBatchSizeInKilobytes: preferredBatchSizeInKilobytes
    keyName: webhookKeyName
  }
}

module functionSubscription 'modules/function-subscription.bicep' = if (subscribe && way == 'function') {
  name: 'function-subscription'
  params: {
    topicName: topic.outputs.name
    functionAppName: functionApp.outputs.name
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
    eventSchema: eventSchema
    eventTypes: eventTypes
    maxEventsPerBatch: maxEventsPerBatch
    preferredBatchSizeInKilobytes: preferredBatchSizeInKilobytes
  }
}

module newCluster 'modules/data-explorer.bicep' = if (dataExplorer == 'new') {
  name: 'data-explorer'
  params: { name: clusterName, location: location, tags: tags, sku: dataExplorerSku }
}

module database 'modules/data-explorer-database.bicep' = if (dataExplorer != 'none') {
  name: 'data-explorer-database'
  scope: resourceGroup(clusterResourceGroup)
  params: { clusterName: clusterName, databaseName: dataExplorerDatabase, location: clusterLocation }
  dependsOn: [newCluster]
}

module reader 'modules/event-hub-reader.bicep' = if (dataExplorer != 'none') {
  name: 'event-hub-reader'
  params: {
    namespaceName: eventHub.outputs.namespaceName
    hubName: eventHubName
    consumerGroup: 'data-explorer'
    principalId: database!.outputs.clusterPrincipalId
  }
}

module connection 'modules/data-explorer-connection.bicep' = if (dataExplorer != 'none') {
  name: 'data-explorer-connection'
  scope: resourceGroup(clusterResourceGroup)
  params: {
    clusterName: clusterName
    databaseName: dataExplorerDatabase
    location: clusterLocation
    eventHubId: eventHub.outputs.hubId
    consumerGroup: 'data-explorer'
    eventHubBody: eventHubBody
  }
  dependsOn: [reader]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    email: alertEmail
    workspaceId: logs.outputs.workspaceId
    topicId: topic.outputs.id
    namespaceId: eventHub.outputs.namespaceId
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

@description('For func azure functionapp publish.')
output AZURE_FUNCTION_NAME string = functionApp.outputs.name

@description('For az eventgrid and for routes of further instances.')
output EVENT_GRID_TOPIC_NAME string = topic.outputs.name

@description('For readers of the hub.')
output EVENT_HUB_NAMESPACE string = eventHub.outputs.fullyQualifiedNamespace

@description('For readers of the hub.')
output EVENT_HUB_NAME string = eventHubName

@description('For az dt route create. Empty without an instance.')
output DIGITAL_TWINS_NAME string = digitalTwins == 'none' ? '' : instanceName

@description('For reading dead letters.')
output STORAGE_ACCOUNT_NAME string = storage.outputs.name
