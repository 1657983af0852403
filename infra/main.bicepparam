// For az and azd alike: azd hands the values of its environment over as environment variables, and so can a shell.
// Everything that is not here has its default from main.bicep.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'twin-bridge')
param subscribe = bool(readEnvironmentVariable('SUBSCRIBE', 'false'))
param way = readEnvironmentVariable('WAY', 'webhook')
param webhookKeyName = readEnvironmentVariable('WEBHOOK_KEY_NAME', 'default')
param deployerPrincipalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param deployerRole = bool(readEnvironmentVariable('DEPLOYER_ROLE', 'true'))
param digitalTwins = readEnvironmentVariable('DIGITAL_TWINS', 'none')
param digitalTwinsName = readEnvironmentVariable('DIGITAL_TWINS_NAME', '')
param digitalTwinsResourceGroup = readEnvironmentVariable('DIGITAL_TWINS_RESOURCE_GROUP', '')
param digitalTwinsEndpoint = bool(readEnvironmentVariable('DIGITAL_TWINS_ENDPOINT', 'true'))
param dataExplorer = readEnvironmentVariable('DATA_EXPLORER', 'none')
param dataExplorerName = readEnvironmentVariable('DATA_EXPLORER_NAME', '')
param dataExplorerResourceGroup = readEnvironmentVariable('DATA_EXPLORER_RESOURCE_GROUP', '')
param eventHubBody = readEnvironmentVariable('EVENT_HUB_BODY', 'record')
param recordFormat = readEnvironmentVariable('RECORD_FORMAT', 'data-history')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
