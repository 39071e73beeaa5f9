package dev.asyncmysql.sample;

/**
 * What transfers do over HTTP, on MySQL.
 */
@OnMySql
class TransferMySqlIT extends AbstractTransferTests {

}
