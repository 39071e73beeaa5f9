package dev.asyncmysql.sample.transfer;

/**
 * A transfer is committed.
 *
 * @param transfer the transfer
 */
public record TransferExecuted(Transfer transfer) {

}
