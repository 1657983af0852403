// Event Grid's way to the function `function`, which has the Event Grid trigger; the key of the trigger's webhook Event
// Grid gets from the function app. Second phase: Event Grid asks the function app whether the function is there.
param topicName string
param functionAppName string
param storageAccountName string
param deadLetterContainer string
param eventSchema string
param eventTypes array
param maxEventsPerBatch int
param preferredBatchSizeInKilobytes int

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageAccountName
}

resource eventSubscription 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'twin-bridge'
  properties: {
    eventDeliverySchema: eventSchema
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        // The folder of function.json.
        resourceId: '${site.id}/functions/function'
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
