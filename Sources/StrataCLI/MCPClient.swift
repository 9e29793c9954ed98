internal import ArgumentParser
internal import Foundation
internal import StrataCore

/// A program that can use Strata over MCP, and how it wants to be told.
enum MCPClient: String, CaseIterable, ExpressibleByArgument {
    case claudeDesktop = "claude-desktop"
    case claudeCode = "claude-code"
    case cursor
    case windsurf
    case vscode
    case gemini
    case codex

    /// What people call it.
    var title: String {
        switch self {
        case .claudeDesktop: "Claude Desktop"
        case .claudeCode: "Claude Code"
        case .cursor: "Cursor"
        case .windsurf: "Windsurf"
        case .vscode: "VS Code"
        case .gemini: "Gemini CLI"
        case .codex: "Codex"
        }
    }

    /// The member of its file that holds servers by name.
    var serversKey: String { self == .vscode ? "servers" : "mcpServers" }

    /// Its configuration file: a project's for Claude Code, the user's for the others.
    func path(home: String, folder: String) -> String {
        #if os(macOS)
            let settings = home + "/Library/Application Support"
        #else
            let settings = home + "/.config"
        #endif
        return switch self {
        case .claudeDesktop: settings + "/Claude/claude_desktop_config.json"
        case .claudeCode: folder + "/.mcp.json"
        case .cursor: home + "/.cursor/mcp.json"
        case .windsurf: home + "/.codeium/windsurf/mcp_config.json"
        case .vscode: settings + "/Code/User/mcp.json"
        case .gemini: home + "/.gemini/settings.json"
        case .codex: home + "/.codex/config.toml"
        }
    }
}

/// How a client is to start Strata.
struct MCPServerEntry {
    let command: String
    let arguments: [String]
    let environment: [String: String]

    /// The entry of a client's file.
    func json(for client: MCPClient?) -> JSONValue {
        var entry: [String: JSONValue] = [
            "command": .string(command), "args": .array(arguments.map(JSONValue.string)),
        ]
        if client == .vscode { entry["type"] = "stdio" }
        if !environment.isEmpty { entry["env"] = .object(environment.mapValues(JSONValue.string)) }
        return .object(entry)
    }

    /// The entry as Codex has it. JSON's strings and arrays of strings are also TOML's.
    func toml(name: String) -> String {
        var lines = [
            "[mcp_servers.\(name)]", "command = \(JSONValue.string(command).jsonText)",
            "args = \(JSONValue.array(arguments.map(JSONValue.string)).jsonText)",
        ]
        if !environment.isEmpty {
            let pairs = environment.sorted { $0.key < $1.key }.map {
                "\($0.key) = \(JSONValue.string($0.value).jsonText)"
            }
            lines.append("env = { \(pairs.joined(separator: ", ")) }")
        }
        return lines.joined(separator: "\n")
    }
}
