public import Foundation
import StrataCore

/// The folder that `make setup` fills: the runtime library and the models.
public enum StrataHome {
    /// `STRATA_HOME` or else `~/.local/share/strata`; nil when neither that nor `HOME` is set.
    public static func path(environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        if let path = environment["STRATA_HOME"], !path.isEmpty { return path }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return home + "/.local/share/strata"
    }

    /// Where `make setup` puts the model of that name; whether it is there is the loader's business.
    ///
    /// - Throws: ``StrataError/Code/notFound`` when there is no home folder to look in.
    public static func modelFolder(
        named name: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String {
        guard let home = path(environment: environment) else {
            throw StrataError(.notFound, "neither STRATA_HOME nor HOME is set; set one or give the model folder's path")
        }
        return "\(home)/models/\(name)"
    }
}
