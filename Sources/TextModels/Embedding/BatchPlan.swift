/// Which texts run together: equally long ones, few tokens at a time.
///
/// Calls of about 160 through 512 padded tokens were the fastest on CPUs: below, each call's own cost shows; above, the
/// activations fall out of the caches. Pure: indices in, indices out.
enum BatchPlan {
    static let tokenBudgetMin = 160
    static let tokenBudgetMax = 512

    /// Divides texts into runs.
    ///
    /// - Parameters:
    ///   - tokenCounts: tokens of each text.
    ///   - workerCount: runs that go on side by side; a small call is divided so that each has something to do.
    ///   - rowCountMax: the most texts of a run, at least 1.
    /// - Returns: indices of texts, every one once, the longest texts first: the short runs at the end even out the workers.
    static func runs(tokenCounts: [Int], workerCount: Int, rowCountMax: Int) -> [[Int]] {
        let share = tokenCounts.reduce(0, +) / workerCount
        let tokenBudget = min(max(share, tokenBudgetMin), tokenBudgetMax)
        // Equally long texts keep their order, so that a plan depends on nothing but the counts.
        let order = tokenCounts.indices.sorted { (tokenCounts[$1], $0) < (tokenCounts[$0], $1) }
        var runs: [[Int]] = []
        var next = order.startIndex
        while next < order.endIndex {
            let longest = max(1, tokenCounts[order[next]])
            let count = min(max(1, tokenBudget / longest), rowCountMax, order.endIndex - next)
            runs.append(Array(order[next..<next + count]))
            next += count
        }
        return runs
    }
}
