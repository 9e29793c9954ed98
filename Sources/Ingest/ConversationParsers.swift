import StrataCore

/// A conversation of ChatGPT's `conversations.json`.
///
/// `mapping` is a tree of messages; the one that its owner sees is the way from the root to `current_node`. What lies on
/// other branches was answered anew or edited away.
enum ChatGPTConversation {
    static func read(
        _ fields: ObjectFields, _ make: ItemMaker
    ) throws(IngestProblem.Reason) -> [IngestEvent] {
        var fields = fields
        guard case .object(let nodes) = fields.take("mapping") else {
            throw .unknownElement(expected: "a conversation of ChatGPT, which has a `mapping`")
        }
        let title = try fields.string("title")
        let id = try fields.string("conversation_id", "id")
        let way = Self.way(to: try fields.string("current_node"), in: nodes)
        let onWay = Set(way)
        var events: [IngestEvent] = []
        for name in way {
            guard let message = nodes[name]?[member: "message"], case .object = message else { continue }
            events.append(event(message, in: id, title: title, make))
        }
        for (name, node) in nodes where !onWay.contains(name) {
            if case .object = node[member: "message"] { events.append(.omission(.otherBranch)) }
        }
        return events
    }

    /// The nodes from the root to `node`; without one, to the last message.
    private static func way(to node: String?, in nodes: [String: JSONValue]) -> [String] {
        func time(_ name: String) -> Double {
            nodes[name]?[member: "message"]?[member: "create_time"]?.doubleValue ?? 0
        }
        var way: [String] = []
        var seen: Set<String> = []
        var next = node ?? nodes.keys.max { (time($0), $0) < (time($1), $1) }
        // A damaged tree may hold a loop.
        while let name = next, nodes[name] != nil, seen.insert(name).inserted {
            way.append(name)
            next = nodes[name]?[member: "parent"]?.stringValue
        }
        return way.reversed()
    }

    private static func event(_ message: JSONValue, in session: String?, title: String?, _ make: ItemMaker)
        -> IngestEvent
    {
        let role = message[member: "author"]?[member: "role"]?.stringValue
        let isHidden = message[member: "metadata"]?[member: "is_visually_hidden_from_conversation"] == .bool(true)
        if role == "system" || isHidden { return .omission(.hiddenMessage) }
        let content = message[member: "content"]
        let kind = content?[member: "content_type"]?.stringValue
        let recipient = message[member: "recipient"]?.stringValue ?? "all"
        if role == "tool" || recipient != "all" || kind == "thoughts" || kind == "reasoning_recap" {
            return .omission(.toolMessage)
        }
        let parts = content?[member: "parts"]?.elements.compactMap(\.stringValue) ?? []
        return make.event(parts.joined(separator: "\n")) { item in
            item.speaker = role
            item.session = session
            item.kind = "message"
            item.externalID = message[member: "id"]?.stringValue
            item.occurredAt = message[member: "create_time"]?.doubleValue.flatMap(ObjectFields.moment)
            if let title { item.metadata["title"] = .string(title) }
        }
    }
}

/// A conversation of Claude's `conversations.json`.
enum ClaudeConversation {
    static func read(
        _ fields: ObjectFields, _ make: ItemMaker
    ) throws(IngestProblem.Reason) -> [IngestEvent] {
        var fields = fields
        guard case .array(let messages) = fields.take("chat_messages") else {
            throw .unknownElement(expected: "a conversation of Claude, which has `chat_messages`")
        }
        let title = try fields.string("name")
        let id = try fields.string("uuid")
        return messages.flatMap { message -> [IngestEvent] in
            func describe(_ item: inout IngestItem) {
                item.speaker = message[member: "sender"]?.stringValue == "human" ? "user" : "assistant"
                item.session = id
                item.kind = "message"
                item.externalID = message[member: "uuid"]?.stringValue
                item.occurredAt = message[member: "created_at"]?.stringValue.flatMap(Timestamp.init(iso8601:))
                if let title, !title.isEmpty { item.metadata["title"] = .string(title) }
            }
            let attachments = message[member: "attachments"]?.elements ?? []
            return [make.event(text(of: message), describe)]
                + attachments.compactMap { attachment in
                    guard let content = attachment[member: "extracted_content"]?.stringValue else { return nil }
                    return make.event(content) { item in
                        describe(&item)
                        item.kind = "attachment"
                        item.externalID = nil
                        item.metadata["fileName"] = attachment[member: "file_name"]
                    }
                }
        }
    }

    /// The blocks of text, or in older exports `text`; blocks of tools and thoughts are no words of the conversation.
    private static func text(of message: JSONValue) -> String? {
        let blocks = message[member: "content"]?.elements.filter { $0[member: "type"]?.stringValue == "text" } ?? []
        let texts = blocks.compactMap { $0[member: "text"]?.stringValue }
        return texts.isEmpty ? message[member: "text"]?.stringValue : texts.joined(separator: "\n")
    }
}
