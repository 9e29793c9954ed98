internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends connections that are too slow, and those whose decoder has stopped.
///
/// A client that sends a byte now and then is never idle; it must have its request's head and body complete in time. And
/// NIO's decoder reads nothing more after a request that offers an upgrade (swift-nio 2.101.2; `curl --http2` and Java's
/// client offer one), so such a connection is closed after its answer, or its next request would wait for ever.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private var timer: Scheduled<Void>?
    private var isClosing = false

    init(limits: ServerLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) { arm(limits.headTimeout, context) }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(var head):
            arm(limits.bodyTimeout, context)
            if head.headerFields[.upgrade] != nil {
                head.headerFields[.connection] = "close"
                isClosing = true
                return context.fireChannelRead(wrapInboundOut(.head(head)))
            }
        case .end: timer?.cancel()
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isClosing && head.status.kind != .informational:
            head.headerFields[.connection] = "close"
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end: arm(limits.idleTimeout, context)
        default: break
        }
        context.write(data, promise: promise)
    }

    private func arm(_ time: Duration, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(time)) { bound.value.close(promise: nil) }
    }
}
