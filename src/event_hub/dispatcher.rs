//! Brings each job to the lane of its partition. The lanes exist once the hub has said which partitions it has.

use std::rc::Rc;

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{Status, backoff::Backoff, client::Pace, connection::Connection, job::Job, lane::Lane, partition_key};
use crate::settings::EventHubSettings;

/// Serves jobs until there are no more to come and the last one is settled, then closes the connection.
pub(super) async fn run(
    settings: EventHubSettings,
    mut jobs: mpsc::UnboundedReceiver<Vec<Job>>,
    status: watch::Sender<Status>,
) {
    let pace = Pace::of(settings.producer);
    let connection = Rc::new(Connection::new(settings, status));
    let mut waiting = Vec::new();
    if let Some(partition_ids) = partition_ids(&connection, &mut jobs, &mut waiting).await {
        let mut lanes = Vec::new();
        let mut running = JoinSet::new();
        for partition_id in partition_ids {
            let (lane, queue) = mpsc::unbounded_channel();
            lanes.push(lane);
            running.spawn_local(Lane::new(partition_id, queue, Rc::clone(&connection), pace).run());
        }
        let dispatch = |job: Job| {
            let lane = partition_key::partition(job.key(), lanes.len());
            // A lane ends only after its sender.
            let _ = lanes[lane].send(job);
        };
        waiting.into_iter().for_each(dispatch);
        while let Some(delivery) = jobs.recv().await {
            delivery.into_iter().for_each(dispatch);
        }
        drop(lanes);
        running.join_all().await;
    }
    connection.close().await;
}

/// Asks the hub for its partitions until it answers; `None` if the bridge is stopped before. Jobs that come meanwhile
/// wait, unless the hub's answer is final.
async fn partition_ids(
    connection: &Connection,
    jobs: &mut mpsc::UnboundedReceiver<Vec<Job>>,
    waiting: &mut Vec<Job>,
) -> Option<Vec<String>> {
    let mut backoff = Backoff::new();
    loop {
        match connection.client().await {
            Ok(client) => {
                connection.ended(Some(&client), Ok(()));
                return Some(client.partition_ids().to_vec());
            }
            Err(error) => {
                connection.ended(None, Err(&error));
                while let Ok(delivery) = jobs.try_recv() {
                    waiting.extend(delivery);
                }
                waiting.retain(|job| !job.is_abandoned());
                if error.is_passing() {
                    for job in &*waiting {
                        job.note(&error);
                    }
                } else {
                    for job in waiting.drain(..) {
                        job.finish(Err(error.clone()));
                    }
                }
                if jobs.is_closed() && waiting.is_empty() {
                    return None;
                }
            }
        }
        backoff.pause().await;
    }
}
