import { writeFileSync } from 'node:fs'
import { drawing, drawRooms, readImports, roomsOf } from './import-graph.ts'

writeFileSync(drawing, drawRooms(roomsOf(readImports('src-main'))))
