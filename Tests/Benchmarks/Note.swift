import Foundation

/// Tells how the benchmark gets on, on standard error: results go to standard output.
func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
