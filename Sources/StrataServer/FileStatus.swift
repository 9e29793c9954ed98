// `struct stat` reaches Swift through whichever C module was read first, so each that may be it is imported.
internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the file system says of a file without opening it.
struct FileStatus: Equatable {
    let inode: UInt64
    let sizeBytes: Int64
    let seconds: Int
    let nanoseconds: Int
    let isSocket: Bool

    /// Nil when there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        inode = UInt64(status.st_ino)
        sizeBytes = Int64(status.st_size)
        seconds = time.tv_sec
        nanoseconds = Int(time.tv_nsec)
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }
}
