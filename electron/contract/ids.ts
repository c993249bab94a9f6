// Names the page may use for files and folders: main hands them out and alone knows what they stand for.

declare const kind: unique symbol
type Id<Kind extends string> = string & { readonly [kind]?: Kind }

/** A disk image that main has granted: found in a place, dropped, or chosen in a dialog. */
export type VolumeId = Id<'volume'>
/** A folder that main has granted: a place of the library, or one chosen in a dialog. */
export type FolderId = Id<'folder'>
/** Something in the trash of one of the library's folders. */
export type TrashId = Id<'trash'>
export type JobId = Id<'job'>
