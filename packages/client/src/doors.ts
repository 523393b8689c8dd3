/** The doors by their names, and which one a server's URL speaks of. */
import type { Door, DoorAt } from "./doors/door.ts";
import { nativeDoor } from "./doors/native.ts";
import { wekaDoor } from "./doors/weka.ts";
import type { DoorName } from "./door-names.ts";

const doors: Readonly<Record<DoorName, (at: DoorAt) => Door>> = { native: nativeDoor, weka: wekaDoor };

export const openDoor = (name: DoorName, at: DoorAt): Door => doors[name](at);
