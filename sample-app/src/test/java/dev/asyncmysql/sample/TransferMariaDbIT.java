package dev.asyncmysql.sample;

/**
 * What transfers do over HTTP, on the development database.
 */
class TransferMariaDbIT extends AbstractTransferTests {

}
