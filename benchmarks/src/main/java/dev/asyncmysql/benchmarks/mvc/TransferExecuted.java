package dev.asyncmysql.benchmarks.mvc;

/**
 * A transfer is committed.
 *
 * @param transfer the transfer
 */
record TransferExecuted(Transfer transfer) {

}
