/** The sender of files of a new referral, to be fetched when files are added to a case. */
export { Files as default } from "../new/Files";
