// Everything around the function: docs/deploy.md says how to deploy it and what it costs.
// Two phases where Event Grid delivers: it accepts a subscription only when the function behind it is published. So deploy,
// publish, then deploy again with `subscribe` true.
targetScope = 'resourceGroup'

@description('Name of this environment. Resources are named after it and the resource group.')
@minLength(1)
@maxLength(64)
param environmentName string = 'twin-bridge'

@description('Region of all resources that are made here. Empty: that of the resource group.')
param region string = ''

@description('Tags of all resources that are made here.')
param tags object = {}

@description('The way in, and the function that takes it: webhook gets Event Grid\'s own requests, function has the Event Grid trigger, event-hub and service-bus read what Azure Digital Twins sent there with its identity. docs/deploy.md compares them.')
@allowed(['webhook', 'function', 'event-hub', 'service-bus'])
param way string = 'webhook'

@description('Second phase of webhook and function: true once the function is published.')
param subscribe bool = false

@description('Name of the key of the function webhook that Event Grid calls with. docs/operate.md says how to change it.')
param webhookKeyName string = 'default'

@description('Object id of the person or pipeline that makes routes and twins. Empty: no role is given.')
param deployerPrincipalId string = ''

@description('False: the deployer has the role Azure Digital Twins Data Owner already. Azure refuses the same role twice.')
param deployerRole bool = true

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

@description('Instances that are kept running for the function. 0: the first event after a pause waits for a start.')
@minValue(0)
param alwaysReadyInstances int = 0

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

// The source hub, where the way in is event-hub.

@description('Partitions of the source hub. Each has one batch under way. They can not be changed later on the Standard tier.')
@minValue(1)
@maxValue(32)
param sourcePartitionCount int = 4

@description('Days for which the source hub keeps notifications, and so the longest outage without a loss.')
@minValue(1)
@maxValue(7)
param sourceRetentionDays int = 7

@description('Throughput units of the source hub\'s namespace.')
@minValue(1)
@maxValue(40)
param sourceThroughputUnits int = 1

// Event Grid, where the way in is webhook or function.

@description('Events that Event Grid puts into one delivery at most.')
@minValue(1)
@maxValue(5000)
param maxEventsPerBatch int = 32

@description('Size of a delivery that Event Grid aims at, in KB.')
@minValue(1)
@maxValue(1024)
param preferredBatchSizeInKilobytes int = 256

@description('Kinds of notification that reach the function. None: all that Azure Digital Twins has.')
param eventTypes array = []

@description('Schema of the topic. Only CloudEvents name their instance. It can not be changed later.')
@allowed(['EventGridSchema', 'CloudEventSchemaV1_0'])
param eventSchema string = 'EventGridSchema'

// Azure Digital Twins and Data Explorer: none, an existing one, or a new one.

@description('The Azure Digital Twins instance that gets an endpoint for the way in. For event-hub and service-bus an existing one needs a system-assigned identity.')
@allowed(['none', 'existing', 'new'])
param digitalTwins string = 'none'

@description('Name of the instance. Empty: a generated one.')
param digitalTwinsName string = ''

@description('Resource group of the instance, if it exists. Empty: that of this deployment.')
param digitalTwinsResourceGroup string = ''

@description('False: the endpoint is not made here, but with az dt. docs/deploy.md says when.')
param digitalTwinsEndpoint bool = true

@description('The Data Explorer cluster that gets tables and a data connection.')
@allowed(['none', 'existing', 'new'])
param dataExplorer string = 'none'

@description('Name of the cluster. Empty: a generated one. An existing one needs a system-assigned identity.')
param dataExplorerName string = ''

@description('Resource group of the cluster, if it exists. Empty: that of this deployment.')
param dataExplorerResourceGroup string = ''

@description('Region of the cluster, if it exists. Empty: that of the resources that are made here.')
param dataExplorerLocation string = ''

@description('Database of the tables; made if it is not there.')
param dataExplorerDatabase string = 'twins'

@description('Size of a new cluster. The default is the smallest and has no service level agreement.')
param dataExplorerSku resourceInput<'Microsoft.Kusto/clusters@2024-04-13'>.sku = {
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

// The parameters' file gives every parameter, so that what is not said there is empty.
#disable-next-line no-loc-expr-outside-params
var location = empty(region) ? resourceGroup().location : region
var allTags = union(tags, { 'azd-env-name': environmentName })
// Part of the names: of resources, and of the modules' own deployments, which would stop each other under equal names.
var token = uniqueString(resourceGroup().id, environmentName)
// Event Grid delivers; with the others Azure Digital Twins sends to where the function reads.
var byEventGrid = way == 'webhook' || way == 'function'
var instanceName = !empty(digitalTwinsName)
  ? digitalTwinsName
  : digitalTwins != 'existing'
      ? 'dt-${token}'
      : fail('digitalTwins is existing, and digitalTwinsName (DIGITAL_TWINS_NAME) does not say which')
var instanceResourceGroup = empty(digitalTwinsResourceGroup) ? resourceGroup().name : digitalTwinsResourceGroup
// For what lies beside that of other environments: they can share an instance, a cluster or a resource group.
var uniqueName = 'twin-bridge-${token}'
// How an endpoint authenticates can't be changed, so each kind has a name of its own; the route moves from one to the other.
var endpointName = byEventGrid ? uniqueName : 'twin-bridge-${way}-${token}'
// Two namespaces and not two hubs in one: records that throttle the one must not hold back Azure Digital Twins in the other.
var sourceHubName = 'notifications'
var sourceTopicName = 'notifications'
// The consumer group of the source hub, and the subscription of the topic.
var sourceReaderName = 'twin-bridge'
var clusterName = !empty(dataExplorerName)
  ? dataExplorerName
  : dataExplorer != 'existing'
      ? 'adx${token}'
      : fail('dataExplorer is existing, and dataExplorerName (DATA_EXPLORER_NAME) does not say which')
var clusterResourceGroup = empty(dataExplorerResourceGroup) ? resourceGroup().name : dataExplorerResourceGroup
var clusterLocation = dataExplorer == 'existing' && !empty(dataExplorerLocation) ? dataExplorerLocation : location
var allEventTypes = [
  'Microsoft.DigitalTwins.Twin.Create'
  'Microsoft.DigitalTwins.Twin.Update'
  'Microsoft.DigitalTwins.Twin.Delete'
  'Microsoft.DigitalTwins.Relationship.Create'
  'Microsoft.DigitalTwins.Relationship.Update'
  'Microsoft.DigitalTwins.Relationship.Delete'
  'microsoft.iot.telemetry'
]
// The tables that data-explorer.kql makes, in the order of EVENT_HUB_TABLES: properties, twins, relationships.
var tables = dataExplorer == 'none'
  ? ''
  : recordFormat == 'data-history'
      ? 'AdtPropertyEvents,AdtTwinLifecycleEvents,AdtRelationshipLifecycleEvents'
      : fail('The tables of Data Explorer have the columns of recordFormat data-history (RECORD_FORMAT): rows of another format would be empty')

module identity 'modules/identity.bicep' = {
  name: 'identity-${token}'
  params: { name: 'id-${token}', location: location, tags: allTags }
}

module logs 'modules/logs.bicep' = {
  name: 'logs-${token}'
  params: {
    workspaceName: 'log-${token}'
    applicationInsightsName: 'appi-${token}'
    location: location
    tags: allTags
    appPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage-${token}'
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    appPrincipalId: identity.outputs.principalId
    workspaceId: logs.outputs.workspaceId
    deadLetterRetentionDays: deadLetterRetentionDays
  }
}

module eventHub 'modules/event-hub.bicep' = {
  name: 'event-hub-${token}'
  params: {
    namespaceName: 'evhns-${token}'
    hubName: eventHubName
    location: location
    tags: allTags
    senderPrincipalId: identity.outputs.principalId
    partitionCount: partitionCount
    retentionDays: retentionDays
    throughputUnits: throughputUnits
    maximumThroughputUnits: maximumThroughputUnits
    consumerGroups: consumerGroups
  }
}

module newInstance 'modules/digital-twins.bicep' = if (digitalTwins == 'new') {
  name: 'digital-twins-${token}'
  params: { name: instanceName, location: location, tags: allTags }
}

module instanceAccess 'modules/digital-twins-access.bicep' = if (digitalTwins != 'none') {
  name: 'digital-twins-access-${token}'
  scope: resourceGroup(instanceResourceGroup)
  params: {
    instanceName: instanceName
    deployerPrincipalId: deployerRole ? deployerPrincipalId : ''
    sendsWithIdentity: !byEventGrid
  }
  dependsOn: [newInstance]
}

module topic 'modules/topic.bicep' = if (byEventGrid) {
  name: 'topic-${token}'
  params: { name: 'evgt-${token}', location: location, tags: allTags, eventSchema: eventSchema }
}

module eventGridDeadLetters 'modules/dead-letter-writer.bicep' = if (byEventGrid) {
  name: 'event-grid-dead-letters-${token}'
  params: {
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
    principalId: topic!.outputs.principalId
  }
}

module eventGridEndpoint 'modules/event-grid-endpoint.bicep' = if (byEventGrid && digitalTwins != 'none' && digitalTwinsEndpoint) {
  name: 'event-grid-endpoint-${token}'
  scope: resourceGroup(instanceResourceGroup)
  params: {
    instanceName: instanceName
    name: endpointName
    topicName: topic!.outputs.name
    topicResourceGroup: resourceGroup().name
  }
  dependsOn: [newInstance]
}

module instanceDeadLetters 'modules/dead-letter-writer.bicep' = if (!byEventGrid && digitalTwins != 'none') {
  name: 'digital-twins-dead-letters-${token}'
  params: {
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
    principalId: instanceAccess!.outputs.principalId
  }
}

module sourceHub 'modules/event-hub.bicep' = if (way == 'event-hub') {
  name: 'source-event-hub-${token}'
  params: {
    namespaceName: 'evhns-source-${token}'
    hubName: sourceHubName
    location: location
    tags: allTags
    senderPrincipalId: digitalTwins == 'none' ? '' : instanceAccess!.outputs.principalId
    partitionCount: sourcePartitionCount
    retentionDays: sourceRetentionDays
    throughputUnits: sourceThroughputUnits
    maximumThroughputUnits: 0
    consumerGroups: []
  }
}

module sourceReader 'modules/event-hub-reader.bicep' = if (way == 'event-hub') {
  name: 'source-event-hub-reader-${token}'
  params: {
    namespaceName: sourceHub!.outputs.namespaceName
    hubName: sourceHubName
    consumerGroup: sourceReaderName
    principalId: identity.outputs.principalId
  }
}

module eventHubEndpoint 'modules/event-hub-endpoint.bicep' = if (way == 'event-hub' && digitalTwins != 'none' && digitalTwinsEndpoint) {
  name: 'event-hub-endpoint-${token}'
  scope: resourceGroup(instanceResourceGroup)
  params: {
    instanceName: instanceName
    name: endpointName
    fullyQualifiedNamespace: sourceHub!.outputs.fullyQualifiedNamespace
    hubName: sourceHubName
    deadLetterUri: storage.outputs.deadLetterUri
  }
  dependsOn: [instanceDeadLetters]
}

module serviceBus 'modules/service-bus.bicep' = if (way == 'service-bus') {
  name: 'service-bus-${token}'
  params: {
    namespaceName: 'sbns-${token}'
    topicName: sourceTopicName
    subscriptionName: sourceReaderName
    location: location
    tags: allTags
    senderPrincipalId: digitalTwins == 'none' ? '' : instanceAccess!.outputs.principalId
    receiverPrincipalId: identity.outputs.principalId
  }
}

module serviceBusEndpoint 'modules/service-bus-endpoint.bicep' = if (way == 'service-bus' && digitalTwins != 'none' && digitalTwinsEndpoint) {
  name: 'service-bus-endpoint-${token}'
  scope: resourceGroup(instanceResourceGroup)
  params: {
    instanceName: instanceName
    name: endpointName
    fullyQualifiedNamespace: serviceBus!.outputs.fullyQualifiedNamespace
    topicName: sourceTopicName
    deadLetterUri: storage.outputs.deadLetterUri
  }
  dependsOn: [instanceDeadLetters]
}

// Events in the Event Grid schema do not name the instance that they are from.
var serviceId = byEventGrid && eventSchema == 'EventGridSchema' && digitalTwins != 'none'
  ? instanceAccess!.outputs.hostName
  : ''
// What the host's trigger reads: function.json of triggers/event-hub and triggers/service-bus.
var triggerSettings = way == 'event-hub'
  ? {
      SOURCE_EVENT_HUB__fullyQualifiedNamespace: sourceHub!.outputs.fullyQualifiedNamespace
      SOURCE_EVENT_HUB__credential: 'managedidentity'
      SOURCE_EVENT_HUB__clientId: identity.outputs.clientId
      SOURCE_EVENT_HUB_NAME: sourceHubName
      SOURCE_EVENT_HUB_CONSUMER_GROUP: sourceReaderName
    }
  : way == 'service-bus'
      ? {
          SOURCE_SERVICE_BUS__fullyQualifiedNamespace: serviceBus!.outputs.fullyQualifiedNamespace
          SOURCE_SERVICE_BUS__credential: 'managedidentity'
          SOURCE_SERVICE_BUS__clientId: identity.outputs.clientId
          SOURCE_SERVICE_BUS_TOPIC: sourceTopicName
          SOURCE_SERVICE_BUS_SUBSCRIPTION: sourceReaderName
        }
      : {}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app-${token}'
  params: {
    planName: 'plan-${token}'
    name: 'func-${token}'
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    applicationInsightsName: logs.outputs.applicationInsightsName
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    // The plan scales HTTP triggers together, and each of the others by itself.
    alwaysReadyGroup: way == 'webhook' ? 'http' : 'function:${way}'
    alwaysReadyInstances: alwaysReadyInstances
    bridgeSettings: {
      EVENT_HUB__fullyQualifiedNamespace: eventHub.outputs.fullyQualifiedNamespace
      EVENT_HUB_NAME: eventHubName
      EVENT_HUB_BODY: eventHubBody
      EVENT_HUB_TABLES: tables
      RECORD_FORMAT: recordFormat
      OBJECT_VALUES: objectValues
      SERVICE_ID: serviceId
    }
    triggerSettings: triggerSettings
  }
}

module webhookSubscription 'modules/webhook-subscription.bicep' = if (subscribe && way == 'webhook') {
  name: 'webhook-subscription-${token}'
  params: {
    topicName: topic!.outputs.name
    functionAppName: functionApp.outputs.name
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
    eventSchema: eventSchema
    eventTypes: empty(eventTypes) ? allEventTypes : eventTypes
    maxEventsPerBatch: maxEventsPerBatch
    preferredBatchSizeInKilobytes: preferredBatchSizeInKilobytes
    keyName: webhookKeyName
  }
}

module functionSubscription 'modules/function-subscription.bicep' = if (subscribe && way == 'function') {
  name: 'function-subscription-${token}'
  params: {
    topicName: topic!.outputs.name
    functionAppName: functionApp.outputs.name
    storageAccountName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
    eventSchema: eventSchema
    eventTypes: empty(eventTypes) ? allEventTypes : eventTypes
    maxEventsPerBatch: maxEventsPerBatch
    preferredBatchSizeInKilobytes: preferredBatchSizeInKilobytes
  }
}

module newCluster 'modules/data-explorer.bicep' = if (dataExplorer == 'new') {
  name: 'data-explorer-${token}'
  params: { name: clusterName, location: location, tags: allTags, sku: dataExplorerSku }
}

module database 'modules/data-explorer-database.bicep' = if (dataExplorer != 'none') {
  name: 'data-explorer-database-${token}'
  scope: resourceGroup(clusterResourceGroup)
  params: {
    clusterName: clusterName
    databaseName: dataExplorerDatabase
    scriptName: uniqueName
    location: clusterLocation
  }
  dependsOn: [newCluster]
}

module reader 'modules/event-hub-reader.bicep' = if (dataExplorer != 'none') {
  name: 'event-hub-reader-${token}'
  params: {
    namespaceName: eventHub.outputs.namespaceName
    hubName: eventHubName
    consumerGroup: 'data-explorer'
    principalId: database!.outputs.clusterPrincipalId
  }
}

module connection 'modules/data-explorer-connection.bicep' = if (dataExplorer != 'none') {
  name: 'data-explorer-connection-${token}'
  scope: resourceGroup(clusterResourceGroup)
  params: {
    clusterName: clusterName
    databaseName: dataExplorerDatabase
    name: uniqueName
    location: clusterLocation
    eventHubId: eventHub.outputs.hubId
    consumerGroup: 'data-explorer'
    eventHubBody: eventHubBody
  }
  dependsOn: [reader]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts-${token}'
  params: {
    location: location
    tags: allTags
    prefix: uniqueName
    email: alertEmail
    workspaceId: logs.outputs.workspaceId
    namespaceId: eventHub.outputs.namespaceId
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook-${token}'
  params: {
    prefix: uniqueName
    location: location
    tags: allTags
    applicationInsightsName: logs.outputs.applicationInsightsName
  }
}

module eventGridAlerts 'modules/event-grid-alerts.bicep' = if (byEventGrid) {
  name: 'event-grid-alerts-${token}'
  params: {
    prefix: uniqueName
    tags: allTags
    topicId: topic!.outputs.id
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module failedBatchesAlert 'modules/failed-batches-alert.bicep' = if (!byEventGrid) {
  name: 'failed-batches-alert-${token}'
  params: {
    prefix: uniqueName
    location: location
    tags: allTags
    workspaceId: logs.outputs.workspaceId
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module eventHubAlerts 'modules/event-hub-alerts.bicep' = if (way == 'event-hub') {
  name: 'event-hub-alerts-${token}'
  params: {
    prefix: uniqueName
    location: location
    tags: allTags
    workspaceId: logs.outputs.workspaceId
    namespaceName: sourceHub!.outputs.namespaceName
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module serviceBusAlerts 'modules/service-bus-alerts.bicep' = if (way == 'service-bus') {
  name: 'service-bus-alerts-${token}'
  params: {
    prefix: uniqueName
    tags: allTags
    namespaceName: serviceBus!.outputs.namespaceName
    topicName: sourceTopicName
    actionGroupId: alerts.outputs.actionGroupId
  }
}

@description('For func azure functionapp publish.')
output AZURE_FUNCTION_NAME string = functionApp.outputs.name

@description('For az eventgrid and for routes of further instances. Empty if Event Grid does not deliver.')
output EVENT_GRID_TOPIC_NAME string = byEventGrid ? topic!.outputs.name : ''

@description('For readers of the hub.')
output EVENT_HUB_NAMESPACE string = eventHub.outputs.fullyQualifiedNamespace

@description('For readers of the hub.')
output EVENT_HUB_NAME string = eventHubName

// Not DIGITAL_TWINS_NAME: azd makes variables of outputs, and that one is a parameter.
@description('For az dt route create. Empty without an instance.')
output DIGITAL_TWINS_INSTANCE string = digitalTwins == 'none' ? '' : instanceName

@description('For az dt route create. Empty without an instance.')
output DIGITAL_TWINS_ENDPOINT_NAME string = digitalTwins == 'none' ? '' : endpointName

@description('For az kusto data-connection. Empty without a cluster.')
output DATA_CONNECTION_NAME string = dataExplorer == 'none' ? '' : uniqueName

@description('The namespace that Azure Digital Twins sends to, for az dt endpoint create. Empty if Event Grid delivers.')
output SOURCE_NAMESPACE_NAME string = way == 'event-hub'
  ? sourceHub!.outputs.namespaceName
  : way == 'service-bus' ? serviceBus!.outputs.namespaceName : ''

@description('For reading dead letters.')
output STORAGE_ACCOUNT_NAME string = storage.outputs.name
