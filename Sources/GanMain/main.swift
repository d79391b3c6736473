import GanCommand

await Gan.main()
