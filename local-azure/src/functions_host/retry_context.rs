//! `RetryContext`: what a handler learns of the tries before, where the function has a retry policy.
//!
//! The exception is .NET's own way to serialise one, which fills two kilobytes. Where the handler's status was the reason
//! it is, to the byte, what the host of the recordings wrote; for other reasons nothing was recorded, and the stacks are
//! left out.

use axum::http::StatusCode;
use uuid::Uuid;

use super::answer::Refusal;
use super::execution::{Failure, Reason};
use super::handler_client::Unanswered;
use super::newtonsoft::Token;

/// `COR_E_EXCEPTION`.
const EXCEPTION: i32 = -2_146_233_088;

/// `COR_E_INVALIDOPERATION`.
const INVALID_OPERATION: i32 = -2_146_233_079;

/// Where the host was when a function had failed.
const STACK_OF_FUNCTION: &str = "\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.ExecuteWithLoggingAsync(IFunctionInstanceEx instance, FunctionStartedMessage message, FunctionInstanceLogEntry instanceLogEntry, ParameterHelper parameterHelper, ILogger logger, CancellationToken cancellationToken) in /_/src/Microsoft.Azure.WebJobs.Host/Executors/FunctionExecutor.cs:line 361\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.TryExecuteAsync(IFunctionInstance functionInstance, CancellationToken cancellationToken) in /_/src/Microsoft.Azure.WebJobs.Host/Executors/FunctionExecutor.cs:line 113";

/// Where it was when the handler had answered with a status that is no success.
const STACK_OF_STATUS: &str = "\
    \x20\x20\x20at System.Net.Http.HttpResponseMessage.EnsureSuccessStatusCode()\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Script.Workers.Http.DefaultHttpWorkerService.ProcessDefaultInvocationRequest(ScriptInvocationContext scriptInvocationContext) in /src/DefaultHttpWorkerService.cs:line 194\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore(Object[] parameters, FunctionInvocationContext context) in /src/WorkerFunctionInvoker.cs:line 101\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Script.Description.FunctionInvokerBase.Invoke(Object[] parameters) in /src/FunctionInvokerBase.cs:line 82\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.VoidTaskMethodInvoker`2.InvokeAsync(TReflected instance, Object[] arguments) in /_/src/Microsoft.Azure.WebJobs.Host/Executors/VoidTaskMethodInvoker.cs:line 20\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.FunctionInvoker`2.InvokeAsync(Object instance, Object[] arguments)\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.InvokeWithTimeoutAsync(IFunctionInvoker invoker, ParameterHelper parameterHelper, CancellationTokenSource timeoutTokenSource, CancellationTokenSource functionCancellationTokenSource, Boolean throwOnTimeout, TimeSpan timerInterval, IFunctionInstance instance) in /_/src/Microsoft.Azure.WebJobs.Host/Executors/FunctionExecutor.cs:line 590\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.ExecuteWithWatchersAsync(IFunctionInstanceEx instance, ParameterHelper parameterHelper, ILogger logger, CancellationTokenSource functionCancellationTokenSource) in /_/src/Microsoft.Azure.WebJobs.Host/Executors/FunctionExecutor.cs:line 536\n\
    \x20\x20\x20at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.ExecuteWithLoggingAsync(IFunctionInstanceEx instance, FunctionStartedMessage message, FunctionInstanceLogEntry instanceLogEntry, ParameterHelper parameterHelper, ILogger logger, CancellationToken cancellationToken) in /_/src/Microsoft.Azure.WebJobs.Host/Executors/FunctionExecutor.cs:line 315";

/// The context of a try after `retry_count` retries, of which the last one failed.
pub(super) fn retry_context(retry_count: u32, max_retry_count: Option<u32>, last: Option<&Failure>) -> Token {
    Token::object([
        ("RetryCount", Token::Integer(retry_count.to_string())),
        ("MaxRetryCount", Token::Integer(max_retry_count.map_or("-1".to_owned(), |count| count.to_string()))),
        ("Exception", last.map_or(Token::Null, exception)),
        ("Instance", Token::Null),
        ("State", Token::object([])),
    ])
}

fn exception(failure: &Failure) -> Token {
    let (function, class, inner, stack) = match failure {
        Failure::Exception { function, source } => {
            (function, "FunctionInvocationException", inner_exception(source), STACK_OF_FUNCTION)
        }
        Failure::Timeout { function, .. } => (function, "FunctionTimeoutException", Token::Null, ""),
    };
    let members = [
        ("InstanceId", Token::String(Uuid::new_v4().to_string())),
        ("MethodName", Token::String(format!("Host.Functions.{function}"))),
        ("Handled", Token::Bool(false)),
    ];
    let class = format!("Microsoft.Azure.WebJobs.Host.{class}");
    let rest = serializable(&class, failure.to_string(), inner, stack, EXCEPTION, "System.Private.CoreLib");
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    match rest {
        Token::Object(rest) => Token::Object(members.chain(rest).collect()),
        other => other,
    }
}

fn inner_exception(reason: &Reason) -> Token {
    if let Some(Refusal::Status(status)) = reason.downcast_ref() {
        return request_exception(reason, Some(*status), Token::String(STACK_OF_STATUS.to_owned()));
    }
    if reason.is::<Unanswered>() {
        return request_exception(reason, None, Token::Null);
    }
    let class = "System.InvalidOperationException";
    serializable(class, reason.to_string(), Token::Null, "", INVALID_OPERATION, "Microsoft.Azure.WebJobs.Script")
}

/// An exception of a kind that says itself how it is serialised.
fn serializable(class: &str, message: String, inner: Token, stack: &str, result: i32, source: &str) -> Token {
    Token::object([
        ("ClassName", Token::String(class.to_owned())),
        ("Message", Token::String(message)),
        ("Data", Token::Null),
        ("InnerException", inner),
        ("HelpURL", Token::Null),
        ("StackTraceString", if stack.is_empty() { Token::Null } else { Token::String(stack.to_owned()) }),
        ("RemoteStackTraceString", Token::Null),
        ("RemoteStackIndex", Token::Integer("0".to_owned())),
        ("ExceptionMethod", Token::Null),
        ("HResult", Token::Integer(result.to_string())),
        ("Source", Token::String(source.to_owned())),
        ("WatsonBuckets", Token::Null),
    ])
}

/// An `HttpRequestException`, of which the public members are written.
fn request_exception(reason: &Reason, status: Option<StatusCode>, stack: Token) -> Token {
    Token::object([
        ("HttpRequestError", Token::Integer("0".to_owned())),
        ("StatusCode", status.map_or(Token::Null, |status| Token::Integer(status.as_u16().to_string()))),
        ("Message", Token::String(reason.to_string())),
        ("Data", Token::object([])),
        ("InnerException", Token::Null),
        ("HelpLink", Token::Null),
        ("Source", Token::String("System.Net.Http".to_owned())),
        ("HResult", Token::Integer(EXCEPTION.to_string())),
        ("StackTrace", stack),
    ])
}
