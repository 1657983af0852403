//! One invocation that the host posts to the handler itself, from the envelope to the blobs that the outputs wrote.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use uuid::Uuid;

use super::answer::{self, Answer};
use super::blob::BlobStore;
use super::execution::{Executor, Failure, Reason};
use super::function::Function;
use super::handler_client::HandlerClient;
use super::log::Category;
use super::outputs;

/// Invokes functions, whatever their trigger.
#[derive(Debug)]
pub(super) struct Invoker {
    pub(super) executor: Arc<Executor>,
    pub(super) client: HandlerClient,
    pub(super) store: Arc<BlobStore>,
}

impl Invoker {
    /// Invokes a function with that envelope.
    pub(super) async fn invoke<Trigger>(&self, function: &Function<Trigger>, envelope: String) -> Result<(), Failure> {
        self.executor.invoke(&function.name, |handler| self.call(handler, function, envelope)).await
    }

    async fn call<Trigger>(
        &self,
        handler: SocketAddr,
        function: &Function<Trigger>,
        envelope: String,
    ) -> Result<(), Reason> {
        let response = self.client.invoke(handler, &function.name, Uuid::new_v4(), envelope).await?;
        let Answer::Done(result) = answer::judge(response.status, &response.headers, &response.body)? else {
            return pending().await;
        };
        for line in &result.logs {
            self.executor.log.information(Category::Function(function.name.clone()), line);
        }
        for blob in outputs::blobs(&function.name, &function.outputs, &result)? {
            self.store.write(&blob.name, blob.content).await?;
        }
        Ok(())
    }
}
