import ArgumentParser
import WeirCommands

@main
struct Weir {
    static func main() { WeirCommand.main() }
}
