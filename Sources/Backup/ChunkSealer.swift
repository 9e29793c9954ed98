/// Encrypts the chunks of a backup.
public protocol ChunkSealer: Sendable {
    /// The name of the method, as headers have it.
    var name: String { get }

    /// Encrypts bytes and binds them to a context, without which they cannot be opened.
    func seal(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8]

    /// Decrypts what ``seal(_:context:)`` gave.
    ///
    /// - Throws: when the key or the context is another one, or the bytes were changed.
    func open(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8]
}
