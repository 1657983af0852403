//! A network between the handler and the hub that can be spoiled: a relay of TCP connections, with no root and no tools.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::sleep,
};

/// What becomes of bytes in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Passes,
    /// They are lost. A connection that has lost any stays a hole in this direction, also for its end, since what came
    /// later would make no sense without them.
    Vanishes,
    /// They wait, and none is lost.
    Waits,
    /// They come, so many at a time.
    Trickles {
        bytes: usize,
        every: Duration,
    },
}

/// Both directions.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    pub to_hub: Flow,
    pub from_hub: Flow,
}

impl Network {
    /// The same both ways.
    pub fn both(flow: Flow) -> Self {
        Self { to_hub: flow, from_hub: flow }
    }
}

/// The relay. Everything ends with it.
pub struct Relay {
    address: SocketAddr,
    network: watch::Sender<Network>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// A good network to `hub`.
    pub async fn start(hub: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = watch::Sender::new(Network::both(Flow::Passes));
        let weather = network.subscribe();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut pumps = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(hub).await else { continue };
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                pumps.spawn(pump(near_read, far_write, weather.clone(), |network| network.to_hub));
                pumps.spawn(pump(far_read, near_write, weather.clone(), |network| network.from_hub));
            }
        });
        Self { address, network, _tasks: tasks }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the network does from now on, with all connections.
    pub fn becomes(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
    direction: fn(&Network) -> Flow,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut lost = false;
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let mut rest = &buffer[..count];
        while !rest.is_empty() && !lost {
            let flow = direction(&network.borrow_and_update());
            let now = match flow {
                Flow::Passes => rest.len(),
                Flow::Trickles { bytes, .. } => bytes.min(rest.len()),
                Flow::Waits => 0,
                Flow::Vanishes => {
                    lost = true;
                    break;
                }
            };
            if to.write_all(&rest[..now]).await.is_err() {
                return;
            }
            rest = &rest[now..];
            match flow {
                Flow::Trickles { every, .. } => sleep(every).await,
                Flow::Waits if network.changed().await.is_err() => return,
                _ => {}
            }
        }
    }
    if lost || direction(&network.borrow()) == Flow::Vanishes {
        // Its end is lost too.
        std::future::pending::<()>().await;
    }
}
