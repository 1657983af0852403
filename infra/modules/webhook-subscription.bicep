// Event Grid's way to the function `webhook`: its own request, which the host forwards. Second phase: Event Grid calls the
// address before it takes the subscription, and the key is there only when the function is.
param topicName string
param functionAppName string
param storageAccountName string
param deadLetterContainer string
param eventSchema string
param eventTypes array
param maxEventsPerBatch int
param preferredBatchSizeInKilobytes int

@description('Which of the keys of the function Event Grid calls with.')
param keyName string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName

  // The folder of function.json.
  resource webhook 'functions' existing = {
    name: 'webhook'
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageAccountName
}

resource eventSubscription 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  // Another name than that of the trigger's subscription, so that one can work until the other does: docs/operate.md.
  name: 'twin-bridge-webhook'
  properties: {
    eventDeliverySchema: eventSchema
    destination: {
      endpointType: 'WebHook'
      properties: {
        // The function's own key, which opens nothing else. It goes from the host to Event Grid and nowhere besides; Event
        // Grid shows an endpoint without its query.
        endpointUrl: 'https://${site.properties.defaultHostName}/api/events?code=${uriComponent(site::webhook.listKeys()[keyName])}'
        minimumTlsVersionAllowed: '1.2'
        maxEventsPerBatch: maxEventsPerBatch
        preferredBatchSizeInKilobytes: preferredBatchSizeInKilobytes
      }
    }
    filter: { includedEventTypes: eventTypes }
    // Event Grid's longest: 30 attempts in 24 hours.
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: account.id, blobContainerName: deadLetterContainer }
      }
    }
  }
}
