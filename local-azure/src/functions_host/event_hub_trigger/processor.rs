//! Which partitions this host reads, and a pump for each of them (`EventProcessor`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::execution::Reason;
use super::load_balancer::{LoadBalancer, Ownerships};
use super::partition_pump::{PartitionPump, Reading};

/// Keeps a function's share of the partitions going.
#[derive(Debug)]
pub(super) struct Processor {
    reading: Arc<Reading>,
    balancer: LoadBalancer,
    stop: CancellationToken,
    pumps: BTreeMap<String, Pump>,
}

#[derive(Debug)]
struct Pump {
    cancel: CancellationToken,
    task: JoinHandle<Option<()>>,
}

impl Processor {
    pub(super) fn new(reading: Arc<Reading>, stop: CancellationToken) -> Self {
        let expiration = reading.options.partition_ownership_expiration_interval;
        let balancer = LoadBalancer { host: reading.host.clone(), expiration };
        Self { reading, balancer, stop, pumps: BTreeMap::new() }
    }

    /// Runs until the host stops.
    pub(super) async fn run(mut self) {
        let (stop, interval) = (self.stop.clone(), self.reading.options.load_balancing_update_interval);
        loop {
            match stop.run_until_cancelled(self.balance()).await {
                Some(Ok(())) => {}
                Some(Err(error)) => self.reading.warn(&format!("the partitions are not known: {error}")),
                None => break,
            }
            if stop.run_until_cancelled(sleep(interval)).await.is_none() {
                break;
            }
        }
        for pump in std::mem::take(&mut self.pumps).into_values() {
            let _ = pump.task.await;
        }
        if let Err(error) = self.give_away().await {
            self.reading.warn(&format!("the partitions can't be given away: {error}"));
        }
    }

    /// Renews what is ours, takes more if that is fair, and reads exactly that.
    async fn balance(&mut self) -> Result<(), Reason> {
        let mut ownerships = self.ownerships().await?;
        let now = SystemTime::now();
        for partition in self.balancer.owned(&ownerships, now) {
            self.claim(&mut ownerships, &partition).await?;
        }
        while let Some(partition) = self.balancer.next_claim(&ownerships, now) {
            self.claim(&mut ownerships, &partition).await?;
        }
        self.read(&self.balancer.owned(&ownerships, now));
        Ok(())
    }

    async fn ownerships(&self) -> Result<Ownerships, Reason> {
        let mut ownerships = Ownerships::new();
        for partition in self.reading.source.partitions().await? {
            let ownership = self.reading.checkpoints.ownership(&partition).await?;
            ownerships.insert(partition, ownership);
        }
        Ok(ownerships)
    }

    /// Tries to make a partition ours, and notes whose it is then.
    async fn claim(&self, ownerships: &mut Ownerships, partition: &str) -> Result<(), Reason> {
        let known = ownerships.get(partition).and_then(Option::as_ref);
        self.reading.checkpoints.claim(partition, known, &self.reading.host).await?;
        ownerships.insert(partition.to_owned(), self.reading.checkpoints.ownership(partition).await?);
        Ok(())
    }

    fn read(&mut self, owned: &[String]) {
        self.pumps.retain(|partition, pump| {
            let goes_on = owned.contains(partition) && !pump.task.is_finished();
            if !goes_on {
                pump.cancel.cancel();
            }
            goes_on
        });
        for partition in owned {
            if !self.pumps.contains_key(partition) {
                let cancel = self.stop.child_token();
                let pump = PartitionPump::new(Arc::clone(&self.reading), partition.clone(), cancel.clone());
                let task = self.reading.dispatcher.invoker.executor.spawn(pump.run());
                self.pumps.insert(partition.clone(), Pump { cancel, task });
            }
        }
    }

    /// Lets others have the partitions at once, who would wait for them otherwise.
    async fn give_away(&self) -> Result<(), Reason> {
        let ownerships = self.ownerships().await?;
        for partition in self.balancer.owned(&ownerships, SystemTime::now()) {
            let known = ownerships.get(&partition).and_then(Option::as_ref);
            self.reading.checkpoints.claim(&partition, known, "").await?;
        }
        Ok(())
    }
}
