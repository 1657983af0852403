//! Frames, each of which carries one performative, and a part of a message if that is a transfer.
//!
//! Source: OASIS, "AMQP Version 1.0", part 2.3 (framing), 2.7 (performatives) and 5.3 (SASL).

use std::io;

use fe2o3_amqp_types::{
    definitions::Error,
    performatives::Performative,
    primitives::{Array, Symbol, Value},
    sasl::{SaslCode, SaslMechanisms, SaslOutcome},
};
use serde::Serialize;
use serde_amqp::described::Described;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::amqp::{product::MECHANISMS, refusal::Refusal, sections::size};

/// The largest frame that is taken; what Azure announces, too.
pub(super) const MAX_FRAME_SIZE: u32 = 65_536;

/// How many bytes a frame has before its performative.
pub(super) const HEADER: usize = 8;

const PROTOCOL: [u8; 8] = *b"AMQP\x00\x01\x00\x00";
const SASL_PROTOCOL: [u8; 8] = *b"AMQP\x03\x01\x00\x00";

/// What kind of frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Amqp = 0,
    Sasl = 1,
}

/// A frame that has come in.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) channel: u16,
    /// None keeps the connection alive and says nothing.
    pub(super) performative: Option<Performative>,
    pub(super) payload: Vec<u8>,
}

/// Agrees with a client on the protocol, and on a mechanism that leaves authorisation to `$cbs`.
pub(super) async fn greet(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    expect(stream, SASL_PROTOCOL).await?;
    let mut greeting = SASL_PROTOCOL.to_vec();
    let mechanisms = SaslMechanisms { sasl_server_mechanisms: Array::from(MECHANISMS.map(Symbol::from).to_vec()) };
    append(&mut greeting, Kind::Sasl, 0, &encoded(&mechanisms)?, &[]);
    stream.write_all(&greeting).await?;
    // The choice of the client; all of them are fine.
    read(stream).await?;
    let mut outcome = Vec::new();
    let ok = SaslOutcome { code: SaslCode::Ok, additional_data: None };
    append(&mut outcome, Kind::Sasl, 0, &encoded(&ok)?, &[]);
    stream.write_all(&outcome).await?;
    expect(stream, PROTOCOL).await?;
    stream.write_all(&PROTOCOL).await
}

async fn expect(stream: &mut (impl AsyncRead + Unpin), protocol: [u8; 8]) -> io::Result<()> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    if header == protocol { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Reads the next frame. The outer error is the end of the stream, the inner one of the client's making.
pub(super) async fn next(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Result<Frame, Error>> {
    let (channel, body) = read(stream).await?;
    Ok(parse(channel, &body).ok_or_else(|| Refusal::new("amqp:decode-error", "The frame can't be read.").into()))
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(u16, Vec<u8>)> {
    let frame_size = stream.read_u32().await?;
    let [offset, _kind] = stream.read_u16().await?.to_be_bytes();
    let channel = stream.read_u16().await?;
    // Counted in words of four bytes: there may be more in a header than has a meaning.
    let extended = usize::from(offset).checked_mul(4).and_then(|offset| offset.checked_sub(HEADER));
    let rest = (frame_size <= MAX_FRAME_SIZE).then_some(frame_size as usize).and_then(|size| size.checked_sub(HEADER));
    let (Some(extended), Some(rest)) = (extended, rest) else { return Err(io::ErrorKind::InvalidData.into()) };
    let mut body = vec![0; rest];
    stream.read_exact(&mut body).await?;
    if extended > rest {
        return Err(io::ErrorKind::InvalidData.into());
    }
    body.drain(..extended);
    Ok((channel, body))
}

fn parse(channel: u16, body: &[u8]) -> Option<Frame> {
    if body.is_empty() {
        return Some(Frame { channel, performative: None, payload: Vec::new() });
    }
    // A described value: its mark, its descriptor and the list itself.
    let descriptor = size(body.get(1..)?)?;
    let list = size(body.get(1 + descriptor..)?)?;
    let (performative, payload) = body.split_at_checked(1 + descriptor + list)?;
    let performative = decode(performative)?;
    Some(Frame { channel, performative: Some(performative), payload: payload.to_vec() })
}

/// Decodes a performative. The JavaScript client writes the names of fields as strings, where the protocol wants symbols.
fn decode(performative: &[u8]) -> Option<Performative> {
    serde_amqp::from_slice(performative).ok().or_else(|| {
        let lenient = with_symbols(serde_amqp::from_slice(performative).ok()?);
        serde_amqp::from_slice(&serde_amqp::to_vec(&lenient).ok()?).ok()
    })
}

fn with_symbols(value: Value) -> Value {
    match value {
        Value::Described(described) => {
            let Described { descriptor, value } = *described;
            Value::Described(Box::new(Described { descriptor, value: with_symbols(value) }))
        }
        Value::List(values) => Value::List(values.into_iter().map(with_symbols).collect()),
        Value::Map(fields) => {
            let symbol = |name| match name {
                Value::String(name) => Value::Symbol(Symbol::from(name)),
                name => name,
            };
            Value::Map(fields.into_iter().map(|(name, value)| (symbol(name), with_symbols(value))).collect())
        }
        value => value,
    }
}

/// Encodes a performative with all of its fields, those at the end that are null as well: the Python client looks fields
/// up by their position and fails where there is none.
pub(super) fn full_length(performative: &Performative) -> Result<Vec<u8>, Refusal> {
    let fields: u32 = match performative {
        Performative::Open(_) => 10,
        Performative::Begin(_) => 8,
        Performative::Attach(_) => 14,
        Performative::Flow(_) | Performative::Transfer(_) => 11,
        Performative::Disposition(_) => 6,
        Performative::Detach(_) => 3,
        Performative::End(_) | Performative::Close(_) => 1,
    };
    let unencodable = || Refusal::new("amqp:internal-error", "The answer can't be encoded.");
    let encoded = encoded(performative).map_err(|_| unencodable())?;
    let (head, list) = encoded.split_at_checked(3).ok_or_else(unencodable)?;
    let (count, values) = match list {
        [0x45] => (0, &[][..]),
        [0xc0, _, count, values @ ..] => (u32::from(*count), values),
        [0xd0, _, _, _, _, a, b, c, d, values @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]), values),
        _ => return Err(unencodable()),
    };
    let nulls = vec![0x40; fields.saturating_sub(count) as usize];
    let length = u32::try_from(4 + values.len() + nulls.len()).map_err(|_| unencodable())?;
    Ok([head, &[0xd0], &length.to_be_bytes(), &fields.to_be_bytes(), values, &nulls].concat())
}

fn encoded(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_amqp::to_vec(value).map_err(io::Error::other)
}

/// Appends a frame. Whoever makes it sees to it that it does not become too large.
pub(super) fn append_amqp(out: &mut Vec<u8>, channel: u16, performative: &[u8], payload: &[u8]) {
    append(out, Kind::Amqp, channel, performative, payload);
}

fn append(out: &mut Vec<u8>, kind: Kind, channel: u16, performative: &[u8], payload: &[u8]) {
    let size = u32::try_from(HEADER + performative.len() + payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(&[2, kind as u8]);
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(performative);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::{
        messaging::DeliveryState,
        performatives::{Close, Detach, End},
    };

    use super::*;

    #[tokio::test]
    async fn what_is_written_can_be_read() {
        let detach = Performative::Detach(Detach { handle: 7.into(), closed: false, error: None });
        let mut out = Vec::new();
        append_amqp(&mut out, 3, &full_length(&detach).unwrap(), b"rest");
        append_amqp(&mut out, 0, &[], &[]);
        let mut stream = out.as_slice();

        let frame = next(&mut stream).await.unwrap().unwrap();
        assert_eq!((frame.channel, frame.performative, frame.payload), (3, Some(detach), b"rest".to_vec()));
        let heartbeat = next(&mut stream).await.unwrap().unwrap();
        assert_eq!((heartbeat.channel, heartbeat.performative), (0, None));
        assert!(next(&mut stream).await.is_err());
    }

    #[test]
    fn no_field_is_left_out() {
        for performative in [Performative::End(End { error: None }), Performative::Close(Close { error: None })] {
            let encoded = full_length(&performative).unwrap();
            assert_eq!(encoded[3..], [0xd0, 0, 0, 0, 5, 0, 0, 0, 1, 0x40]);
        }
    }

    #[test]
    fn the_names_of_fields_may_be_strings() {
        // As the JavaScript client rejects a message.
        let compound = |head: &[u8], count, values: &[u8]| {
            [head, &[u8::try_from(values.len() + 1).unwrap(), count], values].concat()
        };
        let info = compound(&[0xc1], 2, b"\xa1\x10DeadLetterReason\xa1\x03bad");
        let error = [b"\xa3\x04dead\x40", info.as_slice()].concat();
        let error = compound(&[0x00, 0x53, 0x1d, 0xc0], 3, &error);
        let rejected = compound(&[0x00, 0x53, 0x25, 0xc0], 1, &error);
        let fields = [&[0x41, 0x43, 0x40, 0x42][..], &rejected].concat();
        let disposition = compound(&[0x00, 0x53, 0x15, 0xc0], 5, &fields);
        let Some(Performative::Disposition(disposition)) = decode(&disposition) else { panic!("it can't be read") };
        let Some(DeliveryState::Rejected(rejected)) = disposition.state else { panic!("{disposition:?}") };
        let info = rejected.error.unwrap().info.unwrap();
        assert_eq!(info.get(&Symbol::from("DeadLetterReason")), Some(&Value::String("bad".to_owned())));
    }

    #[tokio::test]
    async fn a_frame_that_is_none_is_an_error() {
        let too_large = [0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0];
        assert!(read(&mut too_large.as_slice()).await.is_err());
        let too_small = [0, 0, 0, 7, 2, 0, 0, 0];
        assert!(read(&mut too_small.as_slice()).await.is_err());
        let no_performative = [0, 0, 0, 11, 2, 0, 0, 0, 1, 2, 3];
        assert!(next(&mut no_performative.as_slice()).await.unwrap().is_err());
    }
}
