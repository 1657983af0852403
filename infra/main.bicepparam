// For az and azd alike: azd hands the values of its environment over as environment variables, and so can a shell. Every
// parameter is here; main.bicep describes them and has the same defaults.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'twin-bridge')
param region = readEnvironmentVariable('AZURE_LOCATION', '')
// {"costCenter": "42"}
param tags = json(readEnvironmentVariable('RESOURCE_TAGS', '{}'))
param way = readEnvironmentVariable('WAY', 'webhook')
param subscribe = bool(readEnvironmentVariable('SUBSCRIBE', 'false'))
param webhookKeyName = readEnvironmentVariable('WEBHOOK_KEY_NAME', 'default')
param deployerPrincipalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param deployerRole = bool(readEnvironmentVariable('DEPLOYER_ROLE', 'true'))

param recordFormat = readEnvironmentVariable('RECORD_FORMAT', 'data-history')
param eventHubBody = readEnvironmentVariable('EVENT_HUB_BODY', 'record')
param objectValues = readEnvironmentVariable('OBJECT_VALUES', 'flatten')

// One of three numbers, which the type of int() does not tell.
param instanceMemoryMB = any(int(readEnvironmentVariable('INSTANCE_MEMORY_MB', '2048')))
param maximumInstanceCount = int(readEnvironmentVariable('MAXIMUM_INSTANCE_COUNT', '40'))
param alwaysReadyInstances = int(readEnvironmentVariable('ALWAYS_READY_INSTANCES', '0'))
param eventHubName = readEnvironmentVariable('EVENT_HUB_NAME', 'twins')
param partitionCount = int(readEnvironmentVariable('PARTITION_COUNT', '4'))
param retentionDays = int(readEnvironmentVariable('RETENTION_DAYS', '7'))
param throughputUnits = int(readEnvironmentVariable('THROUGHPUT_UNITS', '1'))
param maximumThroughputUnits = int(readEnvironmentVariable('MAXIMUM_THROUGHPUT_UNITS', '0'))
// stream-analytics,archive
param consumerGroups = filter(split(readEnvironmentVariable('CONSUMER_GROUPS', ''), ','), name => !empty(name))

param sourcePartitionCount = int(readEnvironmentVariable('SOURCE_PARTITION_COUNT', '4'))
param sourceRetentionDays = int(readEnvironmentVariable('SOURCE_RETENTION_DAYS', '7'))
param sourceThroughputUnits = int(readEnvironmentVariable('SOURCE_THROUGHPUT_UNITS', '1'))

param maxEventsPerBatch = int(readEnvironmentVariable('MAX_EVENTS_PER_BATCH', '32'))
param preferredBatchSizeInKilobytes = int(readEnvironmentVariable('PREFERRED_BATCH_SIZE_IN_KILOBYTES', '256'))
// Microsoft.DigitalTwins.Twin.Update,microsoft.iot.telemetry
param eventTypes = filter(split(readEnvironmentVariable('EVENT_TYPES', ''), ','), name => !empty(name))
param eventSchema = readEnvironmentVariable('EVENT_SCHEMA', 'EventGridSchema')

param digitalTwins = readEnvironmentVariable('DIGITAL_TWINS', 'none')
param digitalTwinsName = readEnvironmentVariable('DIGITAL_TWINS_NAME', '')
param digitalTwinsResourceGroup = readEnvironmentVariable('DIGITAL_TWINS_RESOURCE_GROUP', '')
param digitalTwinsEndpoint = bool(readEnvironmentVariable('DIGITAL_TWINS_ENDPOINT', 'true'))
param dataExplorer = readEnvironmentVariable('DATA_EXPLORER', 'none')
param dataExplorerName = readEnvironmentVariable('DATA_EXPLORER_NAME', '')
param dataExplorerResourceGroup = readEnvironmentVariable('DATA_EXPLORER_RESOURCE_GROUP', '')
param dataExplorerLocation = readEnvironmentVariable('DATA_EXPLORER_LOCATION', '')
param dataExplorerDatabase = readEnvironmentVariable('DATA_EXPLORER_DATABASE', 'twins')
param dataExplorerSku = {
  name: readEnvironmentVariable('DATA_EXPLORER_SKU', 'Dev(No SLA)_Standard_E2a_v4')
  tier: readEnvironmentVariable('DATA_EXPLORER_TIER', 'Basic')
  capacity: int(readEnvironmentVariable('DATA_EXPLORER_CAPACITY', '1'))
}

param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param deadLetterRetentionDays = int(readEnvironmentVariable('DEAD_LETTER_RETENTION_DAYS', '90'))
