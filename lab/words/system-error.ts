/** The system's refusals as sentences: what it cannot do is no bug of ours, whichever call asked for it. */
import {LabError, type LabErrorCode} from './errors.ts'

interface Refusal {
  readonly says: string
  readonly code: LabErrorCode
  readonly hint: string
}

const elsewhere = 'set XDG_STATE_HOME to a folder of yours; where a place of your own was named, name another one'
const space = 'free some space, then run the same command again'
const refusal = (says: string, hint: string, code: LabErrorCode = 'machine'): Refusal => ({says, hint, code})

/** By errno, as `errno(3)` has them. */
const refusals: Readonly<Record<string, Refusal>> = {
  ENOSPC: refusal('the disk is full', space, 'disk-full'),
  EDQUOT: refusal('the disk is full for this user', space, 'disk-full'),
  EACCES: refusal('permission is missing', elsewhere, 'setup-failed'),
  EPERM: refusal('permission is missing', elsewhere, 'setup-failed'),
  EROFS: refusal('the file system is read-only', elsewhere, 'setup-failed'),
  ENAMETOOLONG: refusal('the name is too long', 'use a shorter name or path'),
  ENOENT: refusal('it is not there', 'if something removed it meanwhile, run the same command again'),
  EEXIST: refusal('a file is in the way', 'move it away, or name another place'),
  ENOTDIR: refusal('a file is in the way where a folder should be', 'move it away, or name another place'),
  EISDIR: refusal('a folder is in the way where a file should be', 'move it away, or name another place'),
  ENOTEMPTY: refusal('the folder is not empty', 'move what is in it away, or name another place'),
  ELOOP: refusal('its links lead in a circle, or it is a link', 'name the file itself'),
  EMFILE: refusal('this process has too many open files', 'raise the limit: ulimit -n 4096'),
  ENFILE: refusal('this machine has too many open files', 'end other programs, then run the same command again'),
  ENOMEM: refusal('the memory is full', 'end other programs, then run the same command again'),
  EAGAIN: refusal('this machine can start no more processes', 'end other programs, then run the same command again'),
  EFBIG: refusal('the file would be too large', space),
  EBUSY: refusal('it is in use', 'run the same command again when it is not'),
  EIO: refusal('the disk or the terminal does not work', 'look at what the kernel says: dmesg'),
  ETXTBSY: refusal('the program is being written', 'run the same command again'),
  EXDEV: refusal('it would move to another file system', elsewhere),
}

/** Folders are made one after the other, so that what is above is there: such a file system (/proc, /sys) makes none. */
const makesNone = refusal('no folder can be made there', elsewhere, 'setup-failed')

/**
 * undefined: this is no refusal of the system.
 * @param place what is named where the system does not say what it was about.
 */
export function refusalOf(error: unknown, place?: string): LabError | undefined {
  if (!(error instanceof Error) || error instanceof LabError) return undefined
  const {code = '', syscall, path, dest} = error as NodeJS.ErrnoException & {dest?: string}
  // A bug may carry a code as well; only a call to the system has its name.
  if (syscall === undefined || !Object.hasOwn(refusals, code)) return undefined
  const {says, hint, code: kind} = code === 'ENOENT' && syscall === 'mkdir' ? makesNone : refusals[code]!
  const what = dest ?? path ?? place
  return new LabError(kind, `${says} (${code}): cannot ${verbs[syscall] ?? syscall}${what ? ` ${what}` : ''}`, {
    cause: error,
    hint,
  })
}

const verbs: Readonly<Record<string, string>> = {
  mkdir: 'make the folder',
  open: 'open',
  write: 'write',
  read: 'read',
  scandir: 'list',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove the folder',
  rename: 'write',
  symlink: 'make the link',
  link: 'make the link',
  lstat: 'look at',
  stat: 'look at',
  access: 'use',
  uv_cwd: 'find the working directory',
}
